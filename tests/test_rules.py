"""Rules of the architecture that no linter keeps."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted(path for package in ("utils", "rpc_moodle") for path in (ROOT / package).rglob("*.py"))


def attributes(path: Path, name: str) -> Iterator[int]:
    for node in ast.walk(ast.parse(path.read_text())):
        if (isinstance(node, ast.Attribute) and node.attr == name) or (isinstance(node, ast.Name) and node.id == name):
            yield node.lineno


def places(name: str) -> set[str]:
    return {str(path.relative_to(ROOT)) for path in SOURCES if any(attributes(path, name))}


def test_http_sessions_are_made_in_one_place() -> None:
    assert places("ClientSession") == {"rpc_moodle/transport/http.py"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_grows_past_what_one_can_find_ones_way_in(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_keeps_mutable_state(path: Path) -> None:
    """Credentials live in the call: a dict, list or set of a module that something could write to is refused."""
    for node in ast.parse(path.read_text()).body:
        value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
        if not isinstance(value, ast.Dict | ast.List | ast.Set | ast.DictComp | ast.ListComp | ast.SetComp):
            continue
        names = [target.id for target in ast.walk(node) if isinstance(target, ast.Name)]
        assert names[0] == "__all__" or names[0].isupper(), f"line {node.lineno}: a mutable value that is no constant"


def test_the_secret_of_a_token_is_opened_where_it_is_sent_sealed_or_compared_only() -> None:
    assert places("get_secret_value") <= {
        "rpc_moodle/app.py",  # the outbound proxy's address
        "rpc_moodle/settings.py",  # likewise
        "rpc_moodle/moodle/wire.py",
        "rpc_moodle/moopanel/secrets.py",
        "rpc_moodle/moopanel/wire.py",
        "rpc_moodle/transport/answers.py",
        "rpc_moodle/cli/generated.py",
        "rpc_moodle/cli/publish.py",
        "rpc_moodle/cli/store.py",
        "rpc_moodle/downloads/links.py",
        "rpc_moodle/publications.py",
        "utils/tickets.py",
        "utils/auth.py",
    }
