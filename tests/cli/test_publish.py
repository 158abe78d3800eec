import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.sheet import Line, NoSheet, read_sheet, resolve
from rpc_moodle.sandbox import Sandbox

PEOPLE = [
    {"id": 5, "username": "student1", "email": "student1@example.com", "fullname": "Zoë Müller"},
    {"id": 7, "username": "", "email": "student3@example.com", "fullname": "李 小龍"},
]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        ("userid,grade\n5,41.5\n", [Line(2, user="5", grade="41.5")]),
        ("\ufeffEmail;Text\na@b.example;Well done\n", [Line(2, email="a@b.example", text="Well done")]),
        ("username\tgrade\ttext\nmax\t\tFine\nmoritz\t\t\n", [Line(2, username="max", text="Fine")]),
        (
            'Identifier,Full name,Grade,Feedback comments\r\n"Participant 7",Li,50,"two\nlines"\r\n',
            [Line(2, participant="7", grade="50", text="two\nlines")],
        ),
    ],
)
def test_a_sheet_is_read_whatever_its_columns_are_called(content: str, lines: list[Line]) -> None:
    assert read_sheet(content) == lines


@pytest.mark.parametrize("content", ["", "name,grade\nmax,5\n", "userid,note\n5,x\n"])
def test_a_file_that_is_no_sheet_is_refused(content: str) -> None:
    with pytest.raises(NoSheet):
        read_sheet(content)


def test_people_are_found_by_id_user_name_or_email() -> None:
    lines = [
        Line(2, user="5", grade="1"),
        Line(3, email="STUDENT3@example.com", text="x"),
        Line(4, username="student1"),
    ]
    items, wrong = resolve([*lines, Line(5, user="99", grade="2")], PEOPLE)
    assert items == [{"extId": 5, "grade": "1"}, {"extId": 7, "text": "x"}]
    assert wrong == ["line 4: student1 was named before, in line 2", "line 5: 99 takes no part in the assignment"]


def test_a_participants_number_is_never_taken_for_a_users_id() -> None:
    lines = [Line(2, participant="5", grade="1"), Line(3, participant="5", email="student3@example.com", text="x")]
    items, wrong = resolve(lines, PEOPLE)
    assert items == [{"participant": 5, "grade": "1"}, {"extId": 7, "text": "x"}]
    assert not wrong


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=1) as site:
        yield site


async def run(sandbox: Sandbox, sheet: Path, *arguments: str) -> Result:
    variables = {"RPC_MOODLE_TOKEN": sandbox.token("teacher_full"), "RPC_MOODLE_URL": sandbox.url}
    command = ["publish", str(sheet), "--course", "2", "--assignment", "8", *arguments]
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, command, env=variables))


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    path = tmp_path / "grades.csv"
    path.write_text("userid,grade,text\n9,62,Fine\n10,50,\n")
    return path


def graded(sandbox: Sandbox) -> dict[int, float | None]:
    essay = sandbox.site.by_cmid(8)
    assert essay is not None
    return {user: row.grade for (user, _), row in essay.grades.items() if user in {9, 10}}


async def test_a_dry_run_shows_what_would_change_and_writes_nothing(sandbox: Sandbox, sheet: Path) -> None:
    result = await run(sandbox, sheet, "--dry-run")
    assert result.exit_code == 0, result.output
    assert "O'Brien D'Arcy" in result.stdout
    assert "before" in result.stdout
    assert "62, “Fine”" in result.stdout
    assert graded(sandbox) == {}


async def test_nothing_is_written_that_nobody_confirmed(sandbox: Sandbox, sheet: Path) -> None:
    result = await run(sandbox, sheet)
    assert result.exit_code == 1
    assert "--yes" in result.output
    assert graded(sandbox) == {}


async def test_what_is_confirmed_is_published(sandbox: Sandbox, sheet: Path) -> None:
    result = await run(sandbox, sheet, "--yes")
    assert result.exit_code == 0, result.output
    assert "2 published" in result.stdout
    assert graded(sandbox) == {9: 62, 10: 50}


async def test_a_line_about_nobody_costs_only_itself(sandbox: Sandbox, sheet: Path) -> None:
    sheet.write_text("userid,grade\n9,62\n999,50\n")
    result = await run(sandbox, sheet, "--yes")
    assert result.exit_code == 1
    assert "line 3: 999" in result.output
    assert graded(sandbox) == {9: 62}


async def test_a_worksheet_reaches_the_users_behind_its_participant_numbers(sandbox: Sandbox, sheet: Path) -> None:
    essay = sandbox.site.by_cmid(8)
    assert essay is not None
    number = essay.mappings[9]
    sheet.write_text(f"Identifier,Grade\nParticipant {number},62\n")
    result = await run(sandbox, sheet, "--yes")
    assert result.exit_code == 0, result.output
    assert number != 9
    assert f"Participant {number}" in result.stdout
    assert graded(sandbox) == {9: 62}
