"""Whose the files of a folder are: tables of names, and the command on a site."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.folder import Given, Labelled, given, read_folder, with_files
from rpc_moodle.sandbox import Sandbox

PEOPLE = [
    {
        "id": 5,
        "username": "student1",
        "email": "student1@example.com",
        "fullname": "Zoë Müller",
        "lastname": "Müller",
        "firstname": "Zoë",
    },
    {"id": 7, "username": "max.muster", "email": "student3@example.com", "fullname": "李 小龍"},
    {"id": 9, "username": "5", "email": "", "fullname": "Named like another's number"},
    {"id": 10, "username": "é", "email": "", "fullname": "Composed"},
]
NUMBERS = {341: 7, 342: 99}


def tree(folder: Path, *paths: str) -> Path:
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
    return folder


@pytest.mark.parametrize(
    ("path", "who", "number", "names"),
    [
        ("5.pdf", "5", None, ["5.pdf"]),
        ("max.muster.pdf", "max.muster", None, ["max.muster.pdf"]),
        ("a@b.example.pdf", "a@b.example", None, ["a@b.example.pdf"]),
        ("student1/essay.pdf", "student1", None, ["essay.pdf"]),
        ("student1/sub/essay.pdf", "student1", None, ["essay.pdf"]),
        ("Zoë Müller_341_assignsubmission_file/essay.pdf", None, 341, ["essay.pdf"]),
        ("Zoë Müller_341_assignsubmission_file_/essay.pdf", None, 341, ["essay.pdf"]),
        ("Zoë Müller_341_assignsubmission_file_my_essay.pdf", None, 341, ["my_essay.pdf"]),
        ("Participant_341_assignsubmission_onlinetext/onlinetext.html", None, 341, ["onlinetext.html"]),
        ("Zoë_341_assignfeedback_file/essay.pdf", None, 341, ["essay.pdf"]),
        ("e\u0301.txt", "\u00e9", None, ["\u00e9.txt"]),
        ("essay_12.pdf", "essay_12", None, ["essay_12.pdf"]),
    ],
)
def test_a_name_says_whose_the_files_are(
    tmp_path: Path, path: str, who: str | None, number: int | None, names: list[str]
) -> None:
    (found,) = read_folder(tree(tmp_path, path))
    assert found.number == number
    assert who is None or found.who == who
    assert [name for name, _ in found.files] == names


def test_what_systems_leave_behind_is_no_file(tmp_path: Path) -> None:
    junk = (".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/5/._a.pdf", "~$essay.docx")
    tree(tmp_path, *junk, *(f"5/{name}" for name in junk), "5/essay.pdf")
    (found,) = read_folder(tmp_path)
    assert [name for name, _ in found.files] == ["essay.pdf"]


def one(label: str, who: str = "", number: int | None = None) -> Labelled:
    return Labelled(label, who or label, number, ((label, Path(label)),))


@pytest.mark.parametrize(
    ("found", "numbers", "teams", "user", "wrong"),
    [
        (one("7"), NUMBERS, False, 7, ""),
        (one("Student1"), NUMBERS, False, 5, ""),
        (one("STUDENT3@example.com"), NUMBERS, False, 7, ""),
        (one("max.muster", "max"), NUMBERS, False, 7, ""),
        (one("é"), NUMBERS, False, 10, ""),
        (one("Müller_Zoë_5"), NUMBERS, False, 5, ""),
        (one("user_7"), NUMBERS, False, 7, ""),
        (one("Müller_Zoë_7"), NUMBERS, False, None, "nobody of that name"),
        (one("5"), NUMBERS, False, None, "fits 2 users"),
        (one("6"), NUMBERS, False, None, "nobody of that name"),
        (one("Zoë Müller"), NUMBERS, False, None, "nobody of that name"),
        (one("A_341_assignsubmission_file", number=341), NUMBERS, False, 7, ""),
        (one("A_342_assignsubmission_file", number=342), NUMBERS, False, None, "nobody of that name or number"),
        (one("A_7_assignsubmission_file", number=7), NUMBERS, False, None, "nobody of that name or number"),
        (one("A_341_assignsubmission_file", number=341), None, False, None, "mod_assign_get_user_mappings"),
        (one("Group A_1_assignsubmission_file", number=1), NUMBERS, True, None, "it is a group's"),
        (one("7"), None, True, 7, ""),
    ],
)
def test_a_file_is_its_users_or_said_to_be_nobodys(
    found: Labelled, numbers: dict[int, int] | None, teams: bool, user: int | None, wrong: str
) -> None:
    files, problems = given([found], PEOPLE, numbers, teams=teams)
    assert list(files) == ([] if user is None else [user])
    assert bool(problems) is bool(wrong)
    assert wrong in "".join(problems)


def test_files_go_beside_the_lines_of_a_sheet_and_alone() -> None:
    files: Given = {5: [("a.pdf", Path("a.pdf"))], 7: [("b.pdf", Path("b.pdf"))]}
    items = with_files([{"participant": 341, "grade": "1"}, {"extId": 9, "text": "x"}], files, NUMBERS)
    assert items == [
        {"participant": 341, "grade": "1", "files": [{"filename": "b.pdf", "content": Path("b.pdf")}]},
        {"extId": 9, "text": "x"},
        {"extId": 5, "files": [{"filename": "a.pdf", "content": Path("a.pdf")}]},
    ]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=1) as site:
        essay = site.site.by_cmid(8)
        assert essay is not None
        essay.feedback_files = True
        yield site


async def run(sandbox: Sandbox, *arguments: str) -> Result:
    variables = {"RPC_MOODLE_TOKEN": sandbox.token("teacher_full"), "RPC_MOODLE_URL": sandbox.url}
    command = ["publish", "--course", "2", "--assignment", "8", *arguments]
    return await asyncio.to_thread(lambda: CliRunner().invoke(cli, command, env=variables))


def stored(sandbox: Sandbox) -> dict[int, list[tuple[str, bytes]]]:
    essay = sandbox.site.by_cmid(8)
    assert essay is not None
    rows = {user: row.files for (user, _), row in essay.grades.items()}
    return {user: [(file.filename, bytes(file.content[:])) for file in files] for user, files in rows.items() if files}


async def test_a_folder_is_published_beside_a_sheet(sandbox: Sandbox, tmp_path: Path) -> None:
    essay = sandbox.site.by_cmid(8)
    assert essay is not None
    folder = f"Any Name_{essay.mappings[10]}_assignsubmission_file/essay.pdf"
    tree(tmp_path / "files", "9/essay.pdf", folder, "nobody.pdf")
    sheet = tmp_path / "grades.csv"
    sheet.write_text("userid,grade,text\n9,62,Fine\n")
    both = (str(sheet), "--files", str(tmp_path / "files"))

    planned = await run(sandbox, *both, "--dry-run")
    assert "62, “Fine”, essay.pdf" in planned.stdout
    assert "nobody.pdf: nobody of that name" in planned.output
    assert stored(sandbox) == {}

    done = await run(sandbox, *both, "--yes")
    assert done.exit_code == 1, "a file is nobody's"
    assert "2 published" in done.stdout
    assert stored(sandbox) == {9: [("essay.pdf", b"9/essay.pdf")], 10: [("essay.pdf", folder.encode())]}
    assert essay.grades[9, 0].grade == 62

    again = await run(sandbox, "--files", str(tmp_path / "files"), "--yes")
    assert "2 unchanged" in again.stdout


async def test_files_are_replaced_where_that_is_asked_for(sandbox: Sandbox, tmp_path: Path) -> None:
    await run(sandbox, "--files", str(tree(tmp_path / "old", "9/old.pdf")), "--yes")
    result = await run(sandbox, "--files", str(tree(tmp_path / "new", "9/new.pdf")), "--replace-files", "--yes")
    assert result.exit_code == 0, result.output
    assert stored(sandbox) == {9: [("new.pdf", b"9/new.pdf")]}


async def test_without_sheet_and_folder_there_is_nothing_to_publish(sandbox: Sandbox, tmp_path: Path) -> None:
    assert (await run(sandbox, "--yes")).exit_code == 2
    assert (await run(sandbox, "--files", str(tmp_path), "--yes")).exit_code == 2
    assert (await run(sandbox, "--files", str(tmp_path / "nowhere"), "--yes")).exit_code == 2
