"""What the README and the documentation say is true: their examples run, their tables are the code's own."""

import asyncio
import importlib
import json
import os
import re
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from rpc_moodle.app import create_app
from rpc_moodle.methods import METHODS
from rpc_moodle.methods.common import MoodleRequest
from rpc_moodle.moodle import Http
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.examples import EXAMPLES, PANEL
from rpc_moodle.settings import Settings
from tests.integration.node_caller import NODE, installed
from utils.contract import Envelope
from utils.testing import call, running

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
OWN = {"getPublication"}
"""Methods that take credentials and ask the site nothing."""

ENVELOPE_KEYS = {"callId", "data", "error", "message", "success", "warnings"}


def blocks(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    return importlib.import_module("reference")


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as site:
        yield site


@pytest.fixture
async def environment(sandbox: Sandbox) -> AsyncIterator[dict[str, str]]:
    """What the examples are told: where the service is, where the site, which token."""
    async with running(create_app(Settings(allow_private=True))) as service:
        yield {
            "PATH": os.environ["PATH"],
            "SERVICE_URL": service,
            "RPC_MOODLE_ALLOW_PRIVATE": "true",
            "MOODLE_URL": sandbox.url,
            "MOODLE_TOKEN": sandbox.token("teacher_full"),
        }


async def output_of(*command: str | Path, environment: dict[str, str], cwd: Path = ROOT, given: str = "") -> str:
    """Run a command and return what it printed; it has to end with status 0."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=cwd,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await process.communicate(given.encode())
    assert process.returncode == 0, out.decode() + errors.decode()
    return out.decode()


def test_the_settings_table_of_the_readme_is_the_codes_own(reference: ModuleType) -> None:
    assert reference.settings_table() in (ROOT / "README.md").read_text(encoding="utf-8"), (
        "The settings have changed. Put this into the README:\n" + reference.settings_table()
    )


def test_every_method_that_asks_moodle_is_in_the_table_of_capabilities(reference: ModuleType) -> None:
    table = reference.capabilities_table()
    for method in METHODS:
        if issubclass(method.request_model or object, MoodleRequest) and method.name not in OWN:
            assert f"\n| `{method.name}` |" in table
            assert all(f"`{name}`" in table for name in (*method.needs, *method.instead, *method.gains_by))


def test_every_method_is_in_the_reference_s_table(reference: ModuleType) -> None:
    assert re.findall(r"^\| \[([\w.]+)\]", reference.methods_table(), re.MULTILINE) == [
        method.name for method in METHODS
    ]


def test_the_methods_of_the_readme_are_there() -> None:
    named = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8").partition("## From a")[0], re.MULTILINE
    )
    assert named
    assert set(named) <= {method.name for method in METHODS}


def test_the_reference_shows_each_method_at_work(reference: ModuleType) -> None:
    shown = reference.examples()
    assert set(shown) == {event for event, example in EXAMPLES.items() if example.who != PANEL}
    assert [name for name, example in shown.items() if '"success": true' not in example] == []
    assert "127.0.0.1" not in str(shown)


@pytest.mark.parametrize("method", [*METHODS], ids=lambda method: method.name)
def test_a_method_says_what_it_does_and_what_each_field_means(method: Any, reference: ModuleType) -> None:
    section = reference.methods_sections().partition(f"## {method.name}\n")[2].partition("\n## ")[0]
    assert method.doc
    assert all(f"`{alias}`" in section for alias in method.aliases)
    entries = re.findall(r"^(`.*`) \((.*)\)\n: (.*)$", section, re.MULTILINE)
    assert bool(entries) == (method.request_model is not None)
    assert [name for name, kind, meaning in entries if not kind or meaning == "See there."] == []


def test_every_error_code_has_a_remedy(reference: ModuleType) -> None:
    remedies = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").partition("## What to do")[2]
    terms = {name for line in remedies.splitlines() if line.startswith("`") for name in re.findall(r"`(\w+)`", line)}
    assert terms == {code.name for code in reference.ALL_CODES}


def test_every_function_of_moodle_that_is_called_is_explained_to_administrators() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for package in ("moodle", "methods")
        for path in (ROOT / "rpc_moodle" / package).rglob("*.py")
    )
    called = set(re.findall(r'"((?:core|mod_assign|gradereport|tool_mobile)_[a-z]+_[a-z_]+)"', code))
    explained = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs" / "connecting.md").read_text("utf-8"), re.MULTILINE))
    named = {name for method in METHODS for name in (*method.needs, *method.gains_by)}
    assert explained <= called
    assert called <= explained | named


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_to_a_file_leads_to_a_file(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if "://" not in target and not (page.parent / target).is_file()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_an_example_in_json_is_json(page: Path) -> None:
    for block in blocks(str(page.relative_to(ROOT)), "json"):
        json.loads(block)


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
async def test_the_backend_of_the_readme_has_no_syntax_error(tmp_path: Path) -> None:
    (script,) = (block for block in blocks("README.md", "js") if "backend.mjs" in block)
    (tmp_path / "backend.mjs").write_text(script, encoding="utf-8")
    await output_of("node", "--check", "backend.mjs", environment={"PATH": os.environ["PATH"]}, cwd=tmp_path)


@pytest.mark.skipif(not installed(), reason="Node or its packages are not installed")
async def test_the_backend_of_the_readme_does_all_that_it_shows(environment: dict[str, str], tmp_path: Path) -> None:
    (script,) = (block for block in blocks("README.md", "js") if "backend.mjs" in block)
    (tmp_path / "backend.mjs").write_text(script, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    lines = (await output_of("node", "backend.mjs", environment=environment, cwd=tmp_path)).splitlines()
    assert lines[0] == "34 users, the first is Tea Cher"
    assert re.fullmatch(r"\d+ submissions with \d+ files", lines[1])
    assert lines[2] == "essay.pdf: 20009 bytes"
    assert lines[-1] == "1 published, 0 unchanged, 0 failed"


@pytest.mark.skipif(not installed(), reason="Node or its packages are not installed")
async def test_the_backend_of_the_readme_ends_when_there_is_no_service(tmp_path: Path, unused_tcp_port: int) -> None:
    (script,) = (block for block in blocks("README.md", "js") if "backend.mjs" in block)
    (tmp_path / "backend.mjs").write_text(script, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(NODE / "node_modules")
    environment = {"PATH": os.environ["PATH"], "SERVICE_URL": f"http://127.0.0.1:{unused_tcp_port}"}
    with pytest.raises(AssertionError, match="the service cannot be reached"):
        await output_of("node", "backend.mjs", environment=environment, cwd=tmp_path)


@pytest.mark.parametrize("page", ["README.md", "docs/backend.md"])
async def test_an_example_in_python_says_which_variable_is_missing(page: str, tmp_path: Path) -> None:
    script = blocks(page, "python")[0]
    with pytest.raises(AssertionError, match=r"^Set MOODLE_URL and MOODLE_TOKEN"):
        await output_of(sys.executable, "-c", script, environment={"PATH": os.environ["PATH"]}, cwd=tmp_path)


async def test_the_library_example_of_the_readme_runs(environment: dict[str, str]) -> None:
    (script,) = blocks("README.md", "python")
    assert await output_of(sys.executable, "-c", script, environment=environment) == (
        "Peer Review in NLP: 34 users, 13 assignments\n"
    )


async def test_the_python_backend_of_the_documentation_runs(environment: dict[str, str]) -> None:
    (script,) = blocks("docs/backend.md", "python")
    assert await output_of(sys.executable, "-c", script, environment=environment) == "34 users\n"


async def test_the_shell_example_of_the_readme_runs(environment: dict[str, str]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    payload = re.search(r"<<'JSON'\n(.*?)\nJSON\n\S+/python (-m rpc_moodle call \w+) payload.json", text, re.DOTALL)
    assert payload is not None
    given = payload[1].replace("https://moodle.example.edu", environment["MOODLE_URL"])
    given = given.replace("…", environment["MOODLE_TOKEN"])
    reply = json.loads(await output_of(sys.executable, *payload[2].split(), environment=environment, given=given))
    assert len(reply["data"]) == 34


async def test_the_download_of_the_readme_runs(environment: dict[str, str], tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    command = re.search(r"^\S+/python (-m rpc_moodle download .*) (\w+)$", text, re.MULTILINE)
    assert command is not None
    arguments = command[1].replace("https://moodle.example.edu", environment["MOODLE_URL"]).split()
    known = {**environment, "RPC_MOODLE_TOKEN": environment["MOODLE_TOKEN"]}
    said = await output_of(sys.executable, *arguments, str(tmp_path / command[2]), environment=known)
    assert said.startswith("15 fetched, 0 unchanged, 0 failed")
    assert sum(path.is_file() for path in (tmp_path / command[2]).rglob("*")) == 15


async def ask(event: str, sandbox: Sandbox, **payload: object) -> Envelope:
    """Call a published method with the rights that a platform usually has."""
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
    async with Http() as http:
        return await call(METHODS, event, {**payload, "options": options}, shared=[http])


async def test_the_error_of_the_documentation_is_what_a_caller_gets(sandbox: Sandbox) -> None:
    (example,) = blocks("docs/errors.md", "json")
    shown, reply = json.loads(example), await ask("getUsersFromCourse", sandbox, courseID="abc")
    assert shown == {**reply, "callId": shown["callId"]}


async def test_the_user_of_the_documentation_is_what_a_caller_gets(sandbox: Sandbox) -> None:
    (example,) = blocks("docs/users.md", "json")
    user = json.loads(example)
    assert user in (await ask("getUsersFromCourse", sandbox, courseID=2))["data"]


async def test_the_envelope_of_the_documentation_has_no_other_keys() -> None:
    (example,) = blocks("docs/backend.md", "json")
    assert set(json.loads(example)) < ENVELOPE_KEYS


@pytest.fixture
def places() -> Iterator[ModuleType]:
    """The module that the documentation adds as an example."""
    module = ModuleType("rpc_moodle.methods.places")
    sys.modules[module.__name__] = module
    exec(compile(blocks("docs/adding-a-method.md", "python")[0], module.__name__, "exec"), module.__dict__)  # noqa: S102 - that it runs is the point
    yield module
    del sys.modules[module.__name__]


async def test_the_added_method_of_the_documentation_passes_its_own_test(places: ModuleType, sandbox: Sandbox) -> None:
    async def ask(event: str, token: str, **payload: object) -> Envelope:
        options = {"url": sandbox.url, "apiKey": sandbox.token(token)}
        async with Http() as http:
            return await call(places.methods, event, {**payload, "options": options}, shared=[http])

    written: dict[str, Any] = {}
    exec(blocks("docs/adding-a-method.md", "python")[1], written)  # noqa: S102 - that it runs is the point
    tests = [value for name, value in written.items() if name.startswith("test_")]
    assert len(tests) == 1
    await tests[0](ask)


def test_every_promise_of_the_security_page_names_tests_that_are_there() -> None:
    lines = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").splitlines()
    heads = [number for number, line in enumerate(lines) if line.endswith("| held by |")]
    promises = [row for head in heads for row in takewhile(lambda line: line.startswith("|"), lines[head + 2 :])]
    assert len(promises) > 20
    for promise in promises:
        named = re.findall(r"`(tests/[\w/.]+)`", promise.rstrip("| ").rpartition("|")[2])
        assert named, promise
        for path in map(ROOT.joinpath, named):
            modules = [path] if path.is_file() else [*path.glob("*.py")]
            # A family of attacks is run by the test beside it.
            modules += path.parent.glob("test_*.py") if path.parent.name == "attack" else ()
            assert any("def test_" in module.read_text(encoding="utf-8") for module in modules), path
