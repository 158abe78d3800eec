"""What of a worksheet is new; the pairs are what Moodle 4.5 stored, and wrote into its worksheet."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.untouched import same_number, same_words, without_repeated
from rpc_moodle.sandbox import Sandbox, Stage

LISTED = "<p><b>bold</b>text &amp; a<br />b</p><ul><li>one</li><li>two</li></ul>"
HEADER = 'Identifier,"Email address",Grade,"Maximum Grade","Feedback comments"\n'


@pytest.mark.parametrize(
    ("shown", "stored", "same"),
    [
        ("boldtext & ab   onetwo", LISTED, True),
        ("plain & x   line <y>", "plain & <i>x</i>\nline &lt;y&gt;", True),
        ('Well, "done"      second line   ', '<p>Well, "done"</p>\n<p>second line</p>', True),
        (
            "a\u00a0b link    ",
            '<p>a&nbsp;b <a href="https://x.example/">link</a> <img src="x.png" alt="pic"></p>',
            True,
        ),
        ("boldtext & ab   onethree", LISTED, False),
        ("", "", False),
        ("", "<p></p>", False),
        ("new", "", False),
    ],
)
def test_a_text_is_what_a_worksheet_shows_of_a_stored_one(shown: str, stored: str, same: bool) -> None:
    assert same_words(shown, stored) is same


@pytest.mark.parametrize(
    ("shown", "stored", "decimals", "same"),
    [
        ("33.33", "33.33333", 2, True),
        ("33,33", "33.33333", 2, True),
        ("12.35", "12.345", 2, True),
        ("7.00", "7", 2, True),
        ("33", "33.33333", 0, True),
        ("33", "33.33333", 2, False),
        ("33.34", "33.33333", 2, False),
        ("33.333", "33.33333", 2, False),
        ("", "33.33333", 2, False),
        ("33.33", "", 2, False),
        ("Good", "Good", 2, False),
        ("NaN", "NaN", 2, False),
    ],
)
def test_a_grade_is_what_a_worksheet_shows_of_a_stored_one(shown: str, stored: str, decimals: int, same: bool) -> None:
    assert same_number(shown, stored, decimals) is same


def test_what_is_new_stays_and_who_has_nothing_new_is_left_out() -> None:
    before = {"grade": "33.33333", "text": "<p>old</p>", "workflowState": ""}
    results: list[dict[str, Any]] = [
        {"extId": 5, "before": before},
        {"extId": 0, "participant": 7, "before": before},
        {"extId": 6},
    ]
    items: list[dict[str, Any]] = [
        {"extId": 5, "grade": "33.33", "text": "old"},
        {"participant": 7, "grade": "33.33", "text": "new"},
        {"extId": 6, "grade": "33.33"},
        {"extId": 5, "text": "old", "files": ["a.pdf"]},
    ]
    assert without_repeated(items, results, 2) == [
        {"participant": 7, "text": "new"},
        {"extId": 6, "grade": "33.33"},
        {"extId": 5, "files": ["a.pdf"]},
    ]


@pytest.mark.parametrize(
    ("row", "grade", "text", "told"),
    [
        (
            '"Participant 1",student1@example.com,33.33,100.00,"boldtext & ab   onetwo"',
            33.33333,
            LISTED,
            "nothing that is",
        ),
        ('"Participant 1",student1@example.com,40.00,100.00,"boldtext & ab   onetwo"', 40, LISTED, "1 published"),
        ('"Participant 1",student1@example.com,33.33,100.00,Better', 33.33333, "Better", "1 published"),
    ],
)
async def test_a_published_worksheet_changes_only_what_was_written_into_it(
    tmp_path: Path, row: str, grade: float, text: str, told: str
) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(HEADER + row + "\n", encoding="utf-8")
    async with Sandbox(users=0) as sandbox:
        stage = Stage(sandbox.site)
        essay = stage.assignment("Essay")
        stage.mark(essay, 5, 33.33333, LISTED)
        command = ["publish", str(sheet), "--course", "2", "--assignment", str(essay.cmid), "--yes"]
        variables = {"RPC_MOODLE_TOKEN": sandbox.token("teacher_full"), "RPC_MOODLE_URL": sandbox.url}
        result = await asyncio.to_thread(lambda: CliRunner().invoke(cli, command, env=variables))
        assert result.exit_code == 0, result.output
        assert told in result.stdout
        stored = essay.grades[5, 0]
        assert stored.comment is not None
        assert (stored.grade, stored.comment.text) == (grade, text)
