"""The commands that watch and maintain a site through its MooPanel plugin."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.generated import OF_A_SERVICE
from rpc_moodle.cli.naming import command_of
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as site:
        yield site


async def run(sandbox: Sandbox, *arguments: str, key: str | None = None, answer: str = "") -> Result:
    variables = {
        "RPC_MOODLE_PANEL_KEY": sandbox.site.panel.api_key if key is None else key,
        "RPC_MOODLE_URL": sandbox.url,
    }
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, ["panel", *arguments], env=variables, input=answer))


async def test_a_site_is_looked_at(sandbox: Sandbox) -> None:
    result = await run(sandbox, "plugins")
    assert result.exit_code == 0, result.output
    assert "local_quick" in result.stdout
    assert sandbox.site.panel.api_key not in result.output


async def test_a_key_comes_from_a_file_or_a_question(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(sandbox.site.panel.api_key + "\n")
    for arguments, answer in ((("--key-file", str(file)), ""), ((), sandbox.site.panel.api_key + "\n")):
        result = await run(sandbox, "count-users", *arguments, key="", answer=answer)
        assert result.exit_code == 0, result.output


async def test_without_a_key_the_way_to_give_one_is_named(sandbox: Sandbox) -> None:
    result = await run(sandbox, "count-users", key="")
    assert result.exit_code == 2
    assert "RPC_MOODLE_PANEL_KEY" in result.output


async def test_a_wrong_key_is_said_with_an_exit_status(sandbox: Sandbox) -> None:
    result = await run(sandbox, "dashboard", key="0123456789abcdef0123456789abcdef")
    assert result.exit_code == 1
    assert "refuses the API key" in result.output


@pytest.mark.parametrize(
    ("answer", "arguments", "done"), [("n\n", (), False), ("y\n", (), True), ("", ("--yes",), True)]
)
async def test_what_changes_a_site_asks_before_it_is_sent(
    sandbox: Sandbox, answer: str, arguments: tuple[str, ...], *, done: bool
) -> None:
    before = len(sandbox.requests)
    result = await run(sandbox, "set-api-key-status", "--expires-at", "null", *arguments, answer=answer)
    assert (result.exit_code == 0) is done, result.output
    assert (len(sandbox.requests) > before) is done


def test_what_needs_a_running_service_is_no_command() -> None:
    assert {method.name for method in METHODS} >= OF_A_SERVICE
    shown = CliRunner().invoke(cli, ["panel", "--help"]).stdout
    assert "update-core" in shown
    assert [name for name in OF_A_SERVICE if f" {command_of(name)[1]} " in shown] == []
