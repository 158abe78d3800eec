import asyncio
from collections.abc import AsyncIterator

import pytest
from typer.testing import CliRunner, Result

from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.store import TokenStore
from rpc_moodle.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=1, wider=True) as site:
        yield site


async def run(*arguments: str, answer: str = "") -> Result:
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, arguments, input=answer))


async def test_a_log_in_is_kept_and_used_until_it_is_forgotten(sandbox: Sandbox, store: TokenStore) -> None:
    given = "teacher1\nTeacher.1234\n"
    result = await run("login", sandbox.url, "--name", "uni", "--service", "full", answer=given)
    assert result.exit_code == 0, result.output
    assert "Tea Cher" in result.output
    assert "Teacher.1234" not in result.output
    assert sandbox.token("teacher_full") not in result.output
    assert [each.name for each in store.accounts()] == ["uni"]

    assert (await run("categories", "list", "--url", "uni")).exit_code == 0
    assert (await run("categories", "list")).exit_code == 0
    assert "Tea Cher" in (await run("accounts")).stdout
    assert (await run("logout", "uni")).exit_code == 0
    assert not store.accounts()
    assert (await run("logout", "uni")).exit_code == 2


async def test_a_wrong_password_keeps_nothing(sandbox: Sandbox, store: TokenStore) -> None:
    result = await run("login", sandbox.url, "--service", "full", answer="teacher1\nwrong\n")
    assert result.exit_code == 1
    assert "password is wrong" in result.output
    assert not store.accounts()


async def test_an_address_that_a_browser_ended_with_is_a_log_in(sandbox: Sandbox, store: TokenStore) -> None:
    token = sandbox.token("teacher_full")
    result = await run("login", sandbox.url, "--browser", answer=f"{token}\n")
    assert result.exit_code == 0, result.output
    assert "/admin/tool/mobile/launch.php?service=moodle_mobile_app" in result.output
    assert [each.username for each in store.accounts()] == ["Tea Cher"]


async def test_a_token_that_the_site_does_not_know_is_not_kept(sandbox: Sandbox, store: TokenStore) -> None:
    result = await run("login", sandbox.url, "--token", answer=f"{'0' * 32}\n")
    assert result.exit_code == 1
    assert not store.accounts()


async def test_version_and_methods_are_told() -> None:
    assert "rpc_moodle 0" in (await run("--version")).stdout
    assert "getUsersFromCourse\tusers from-course\t" in (await run("methods")).stdout
