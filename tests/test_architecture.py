"""The drawing of the house against the house, and a wall that holds: each import contract is broken once."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]

BREACHES = [
    ("The kit knows nothing of the service", "utils/words.py", "rpc_moodle.settings"),
    (
        "The house: an arrow points down, and rooms on one floor do not know each other",
        "rpc_moodle/moopanel/wire.py",
        "rpc_moodle.moodle.errors",
    ),
    ("The adapters and the transport are usable alone", "rpc_moodle/moodle/users.py", "structlog"),
    ("What decides does so without input and output", "rpc_moodle/moodle/wire.py", "asyncio"),
    ("The sandbox stands alone", "rpc_moodle/sandbox/faults.py", "utils.words"),
    ("Socket.IO is known in two places, the server's and the caller's", "utils/words.py", "socketio"),
]
"""A contract, a module, and what it may not import."""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the house in which a wall may be broken."""
    copy = tmp_path_factory.mktemp("house")
    for package in ("utils", "rpc_moodle"):
        shutil.copytree(ROOT / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def broken(house: Path) -> list[str]:
    """Return the contracts that import-linter finds broken."""
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    found = subprocess.run(  # noqa: S603 - own script
        [sys.executable, "-c", script],
        cwd=house,
        env={"PYTHONPATH": str(house), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Contracts: " in found.stdout, found.stdout + found.stderr
    return [match[1] for match in re.finditer(r"^(.+) BROKEN", found.stdout, re.MULTILINE)]


def test_every_contract_has_its_breach() -> None:
    assert [name for name, _, _ in BREACHES] == [contract["name"] for contract in CONTRACTS]


def test_no_contract_is_broken(scratch: Path) -> None:
    assert broken(scratch) == []


@pytest.mark.parametrize(("contract", "module", "imported"), BREACHES, ids=[row[0] for row in BREACHES])
def test_a_breach_is_found(contract: str, module: str, imported: str, scratch: Path) -> None:
    path = scratch / module
    sound = path.read_text()
    path.write_text(f"{sound}\nimport {imported}\n")
    try:
        assert broken(scratch) == [contract]
    finally:
        path.write_text(sound)


def test_the_table_of_rooms_is_the_tree() -> None:
    drawn = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))
    rooms = {
        path for path in (ROOT / "rpc_moodle").iterdir() if not path.name.startswith("_") and path.suffix != ".typed"
    }
    there = {f"rpc_moodle/{path.name}{'/' if path.is_dir() else ''}" for path in rooms if path.suffix in {"", ".py"}}
    assert drawn == there | {"utils/", "tests/"}


def test_the_drawing_of_the_floors_is_the_contract() -> None:
    drawing = re.search(r"```text\n(cli .*?)\n```", PAGE, re.DOTALL)
    assert drawing is not None
    floors = [set(re.findall(r"\w+", floor)) for floor in drawing[1].split("──►")]
    (layers,) = (contract["layers"] for contract in CONTRACTS if contract["type"] == "layers")
    assert floors == [set(re.findall(r"rpc_moodle\.(\w+)", layer)) for layer in layers]
