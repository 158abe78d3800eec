import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner, Result

from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.store import Account, TokenStore
from rpc_moodle.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=5, wider=True) as site:
        yield site


async def run(sandbox: Sandbox, *arguments: str, token: str = "teacher_more", answer: str = "") -> Result:
    """Run the command line in a thread, while the sandbox answers it here."""
    variables = {"RPC_MOODLE_TOKEN": sandbox.token(token) if token else "", "RPC_MOODLE_URL": sandbox.url}
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, arguments, env=variables, input=answer))


async def test_a_command_gives_json_where_nobody_looks(sandbox: Sandbox) -> None:
    result = await run(sandbox, "courses", "of-user", "--user", "5")
    assert result.exit_code == 0, result.output
    assert [row["id"] for row in json.loads(result.stdout)] == [2, 6]


async def test_a_table_is_for_people(sandbox: Sandbox) -> None:
    result = await run(sandbox, "groups", "from-course", "--course", "2", "--members", "--table")
    assert result.exit_code == 0, result.output
    assert "Group A" in result.stdout
    assert "5, 6, 7, 8, 9" in result.stdout
    assert "2 in all" in result.stdout


async def test_lists_pairs_and_flags_are_options(sandbox: Sandbox) -> None:
    found = await run(sandbox, "users", "by-field", "--field", "id", "--values", "5", "--values", "6")
    assert [row["id"] for row in json.loads(found.stdout)] == [5, 6]
    found = await run(sandbox, "users", "search", "--criteria", "lastname=Last9", token="admin_more")
    assert [row["id"] for row in json.loads(found.stdout)] == [13]
    found = await run(sandbox, "courses", "from-category", "--category", "2", "--tree")
    assert json.loads(found.stdout)[0]["category"]["id"] == 2


async def test_what_has_more_than_one_value_is_given_as_json_or_from_a_file(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "grades.json"
    file.write_text('[{"extId": 7, "grade": 12}]')
    where = ("grades", "publish", "--course", "2", "--assignment", "8")
    for grades in ('[{"extId": 8, "grade": 12}]', f"@{file}"):
        result = await run(sandbox, *where, "--grades", grades)
        assert json.loads(result.stdout)["published"] == 1, result.output


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("users", "search", "--criteria", "lastname=%"), 2, "wildcards"),
        (("users", "search", "--criteria", "shoe=44"), 2, "criteria"),
        (("users", "search", "--criteria", "lastname"), 2, "KEY=VALUE"),
        (("users", "from-course", "--course", "abc"), 2, "courseID"),
        (("users", "from-course"), 2, "--course"),
        (("users", "from-course", "--course", "999"), 1, "no course 999"),
        (("grades", "publish", "--course", "2", "--assignment", "8", "--grades", "{"), 2, "JSON"),
        (("grades", "publish", "--course", "2", "--assignment", "8", "--grades", "@/no/such"), 2, "file"),
    ],
)
async def test_what_is_wrong_is_said_with_an_exit_status(
    sandbox: Sandbox, arguments: tuple[str, ...], status: int, says: str
) -> None:
    result = await run(sandbox, *arguments)
    assert result.exit_code == status, result.output
    assert says in result.output
    assert sandbox.token("teacher_more") not in result.output


async def test_a_warning_goes_where_it_is_not_read_as_data(sandbox: Sandbox) -> None:
    result = await run(sandbox, "assignments", "list", "--course", "2", token="student_more")
    json.loads(result.stdout)
    assert "left_out" in result.stderr


async def test_the_token_is_asked_for_and_not_shown(sandbox: Sandbox) -> None:
    token = sandbox.token("teacher_more")
    result = await run(sandbox, "categories", "list", token="", answer=f"{token}\n")
    assert result.exit_code == 0, result.output
    assert token not in result.output


async def test_without_any_token_the_way_to_one_is_named(sandbox: Sandbox) -> None:
    result = await run(sandbox, "categories", "list", token="")
    assert result.exit_code == 2
    assert "RPC_MOODLE_TOKEN" in result.output


async def test_a_site_is_called_by_the_name_of_its_login(sandbox: Sandbox, store: TokenStore) -> None:
    store.put(Account("uni", sandbox.url, "teacher1"), SecretStr(sandbox.token("teacher_more")))
    result = await run(sandbox, "categories", "list", "--url", "uni", token="")
    assert result.exit_code == 0, result.output
    assert len(json.loads(result.stdout)) == 3
