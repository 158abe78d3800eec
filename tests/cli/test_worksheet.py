"""Moodle's grading worksheet filled in; the worksheets are those that Moodle 4.5 gave out for made-up courses."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from rpc_moodle.cli.cells import plain, read_cells, written
from rpc_moodle.cli.commands import cli
from rpc_moodle.cli.filling import Columns, columns, fill
from rpc_moodle.cli.sheet import Line, NoSheet

HEADER = (
    '\ufeffIdentifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed",'
    '"Last modified (submission)","Last modified (grade)","Feedback comments"\n'
)
ZOE = (
    '"Participant 536","Zoë Müller",student1@example.com,"Submitted for grading - Graded -  - ",41.50,100.00,Yes,'
    '"Saturday, 21 November 2026, 3:27 PM","Saturday, 21 November 2026, 3:27 PM","Well, ""done""      second line   "\n'
)
LUKASZ = '"Participant 538","Łukasz Żółć",student2@example.com,"No submission -  - ",,100.00,Yes,-,-,\n'
LI = '"Participant 537","李 小龍",student3@example.com,"No submission -  - ",,100.00,Yes,-,-,\n'
POINTS = HEADER + ZOE + LUKASZ + LI
SCALE = (
    'Identifier,Status,Grade,Scale,"Last modified (grade)","Feedback comments"\n'
    '"Participant 547","No submission - Graded -  - ",Ok,"Bad   Ok   Great",-,"ok   "\n'
    '"Participant 546","No submission -  - ",,"Bad   Ok   Great",-,\n'
)
COMMA = "Kennung;Status;Punkte;Maximum;Geändert;Kommentar\r\nTeilnehmer/in7;-;;100,00;-;\r\n"


def filled(sheet: str, *lines: Line) -> tuple[list[str], list[str]]:
    """Fill in lines; the rows below the first, and what is wrong."""
    cells = read_cells(sheet)
    done = fill(cells, columns(cells), lines)
    return done.content.splitlines(keepends=True)[1:], done.wrong


@pytest.mark.parametrize("sheet", [POINTS, SCALE, COMMA, "a\tb\n1\t\n", 'a,b\n"x\n""y""",\n'])
def test_what_is_not_changed_comes_out_byte_for_byte(sheet: str) -> None:
    cells = read_cells(sheet)
    assert cells.text(cells.rows) == sheet


@pytest.mark.parametrize("text", ["", "plain", "a,b", 'say "so"', "two\nlines", "a;b", "tab\there"])
def test_a_cell_says_what_was_written(text: str) -> None:
    (row,) = read_cells(f"x,{written(text)},y").rows
    assert [plain(cell) for cell in row] == ["x", text, "y"]


@pytest.mark.parametrize(
    ("line", "row"),
    [
        (
            Line(2, participant="538", grade="77.5", text="Fine,\nreally"),
            LUKASZ.replace(",,100.00,Yes,-,-,", ',77.5,100.00,Yes,-,-,"Fine,<br />really"'),
        ),
        (Line(2, email="STUDENT3@example.com", text="a < b"), LI.replace(",-,-,", ',-,-,"a &lt; b"')),
        (Line(2, username="student3@example.com", text="<p>x</p>"), LI.replace(",-,-,", ",-,-,<p>x</p>")),
    ],
)
def test_a_user_s_row_holds_what_is_given_and_all_that_it_had(line: Line, row: str) -> None:
    assert filled(POINTS, line) == ([row], [])


def test_a_text_alone_takes_the_rounded_grade_out_so_that_the_upload_keeps_the_stored_one() -> None:
    ((row,), _) = filled(POINTS, Line(2, participant="536", text="New"))
    assert ',"Submitted for grading - Graded -  - ",,100.00,' in row
    assert row.endswith(",New\n")


def test_grades_alone_come_without_the_column_of_texts() -> None:
    rows, wrong = filled(POINTS, Line(2, participant="537", grade="0"), Line(3, participant="536", grade="100"))
    assert [row.rpartition(",")[2] for row in rows] == [' 3:27 PM"\n', "-\n"]
    assert not wrong


def test_rows_stand_in_the_worksheet_s_order() -> None:
    rows, _ = filled(POINTS, Line(2, participant="537", text="x"), Line(3, participant="538", text="y"))
    assert [row[:17] for row in rows] == ['"Participant 538"', '"Participant 537"']


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (Line(2, user="5", grade="1"), "names a user by id"),
        (Line(2, participant="9", grade="1"), "9 is not in the worksheet"),
        (Line(2, email="nobody@example.com", grade="1"), "nobody@example.com is not in the worksheet"),
        (Line(2, participant="537", grade="100.5"), "100.5 is no number from 0 to 100.00"),
        (Line(2, participant="537", grade="-1"), "-1 is no number from 0"),
        (Line(2, participant="537", grade="NaN"), "NaN is no number from 0"),
        (Line(2, participant="537", grade="good"), "good is no number from 0"),
    ],
)
def test_what_the_upload_would_pass_over_is_said(line: Line, says: str) -> None:
    rows, (wrong,) = filled(POINTS, line)
    assert not rows
    assert wrong.startswith("line 2: ")
    assert says in wrong


def test_a_comment_that_the_upload_would_spoil_is_not_in_the_worksheet() -> None:
    rows, wrong = filled(POINTS, Line(2, participant="536", grade="50"), Line(3, participant="537", text="x"))
    assert [row[:17] for row in rows] == ['"Participant 537"']
    assert wrong == [
        "line 2: it has a comment, which the upload would store without its markup: give texts and grades apart"
    ]


def test_a_user_can_be_named_once() -> None:
    rows, wrong = filled(
        POINTS, Line(2, participant="537", grade="1"), Line(3, email="student3@example.com", grade="2")
    )
    assert len(rows) == 1
    assert wrong == ["line 3: student3@example.com was named before"]


def test_a_scale_takes_its_items_alone() -> None:
    rows, wrong = filled(SCALE, Line(2, participant="546", grade="Great"), Line(3, participant="547", grade="Superb"))
    assert rows == ['"Participant 546","No submission -  - ",Great,"Bad   Ok   Great",-\n']
    assert wrong == ["line 3: Superb is none of Bad, Ok, Great"]


def test_a_worksheet_without_texts_takes_none() -> None:
    sheet = POINTS.replace(',"Feedback comments"', "").replace(",-,-,\n", ",-,-\n")
    assert filled(sheet, Line(2, participant="537", text="x"))[1] == ["line 2: the worksheet has no column for texts"]


def test_another_language_s_columns_are_named_and_its_numbers_have_a_comma() -> None:
    cells = read_cells(COMMA)
    with pytest.raises(NoSheet, match="There are: Kennung, Status, Punkte"):
        columns(cells)
    at = columns(cells, identifier="kennung", grade="Punkte", text="Kommentar")
    assert at == Columns(0, 2, 5)
    assert fill(cells, at, [Line(2, participant="7", grade="12.5")]).content.splitlines()[1] == (
        'Teilnehmer/in7;-;"12,5";100,00;-'
    )


@pytest.mark.parametrize("content", ["", "Identifier,Status\n", "Identifier,Grade\nParticipant 1,\n"])
def test_what_is_no_worksheet_is_refused(content: str) -> None:
    with pytest.raises(NoSheet):
        columns(read_cells(content))


def run(folder: Path, grades: str, *options: str, sheet: str = POINTS) -> Result:
    (folder / "sheet.csv").write_bytes(sheet.encode())
    (folder / "grades.csv").write_text(grades, encoding="utf-8")
    paths = [str(folder / name) for name in ("sheet.csv", "grades.csv")]
    return CliRunner().invoke(cli, ["worksheet", *paths, "--out", str(folder / "out.csv"), *options])


def test_the_command_writes_a_worksheet_and_never_over_a_file(tmp_path: Path) -> None:
    assert run(tmp_path, "identifier,grade\n537,62\n").exit_code == 0
    assert (tmp_path / "out.csv").read_bytes().startswith(b"\xef\xbb\xbfIdentifier,")
    again = run(tmp_path, "identifier,grade\n537,1\n")
    assert again.exit_code == 2
    assert b",62," in (tmp_path / "out.csv").read_bytes()


@pytest.mark.parametrize(
    ("grades", "options", "status"),
    [
        ("identifier,grade\n537,62\n999,1\n", [], 1),
        ("identifier,grade\n999,1\n", [], 2),
        ("name,grade\nLi,1\n", [], 2),
        ("identifier,grade\n537,62\n", ["--grade-column", "Punkte"], 2),
    ],
)
def test_the_exit_status_says_whether_all_is_filled_in(
    tmp_path: Path, grades: str, options: list[str], status: int
) -> None:
    assert run(tmp_path, grades, *options).exit_code == status
