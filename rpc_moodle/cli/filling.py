"""Moodle's grading worksheet, filled in: only with what is given, and so that its upload changes nothing else.

Uploading a worksheet stores every comment that it shows, and it shows them without their markup, and grades as rounded
as the page has them (tried on Moodle 4.5): so rows of others are left out, and what is not given is not in it.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import NamedTuple

from rpc_moodle.cli.cells import Cells, plain, written
from rpc_moodle.cli.sheet import Line, NoSheet
from rpc_moodle.moodle.publishing.entries import TextFormat, fit_format

_PARTICIPANT = re.compile(r"\D*(\d+)")
_NUMBER = re.compile(r"[0-9]+(?:([.,])[0-9]+)?")
_BETWEEN_ITEMS = "   "
_IDENTIFIER, _GRADE, _TEXT = "Identifier", "Grade", "Feedback comments"


class Columns(NamedTuple):
    """Where what stands; ``text`` is None where the assignment takes no comments."""

    identifier: int
    grade: int
    text: int | None


class Filled(NamedTuple):
    """The worksheet to upload, how many rows it has, and what could not be filled in."""

    content: str
    rows: int
    wrong: list[str]


def columns(sheet: Cells, *, identifier: str = _IDENTIFIER, grade: str = _GRADE, text: str = _TEXT) -> Columns:
    """Find the columns by the names that the site's language gives them.

    Raises NoSheet, naming the columns that there are.
    """
    header = [plain(cell) for cell in sheet.rows[0]] if sheet.rows else []
    places = {name.casefold(): place for place, name in reversed([*enumerate(header)])}
    for wanted in (identifier, grade):
        if wanted.casefold() not in places:
            raise NoSheet(
                f"It has no column {wanted}, so it is no grading worksheet, or one in another language than English: "
                "name its columns with --identifier-column, --grade-column and --text-column. "
                f"There are: {', '.join(header) or 'none'}."
            )
    found = Columns(places[identifier.casefold()], places[grade.casefold()], places.get(text.casefold()))
    if found.grade + 1 >= len(header):
        raise NoSheet(f"Beside {grade} stands no maximum, so it is no grading worksheet.")
    return found


def fill(sheet: Cells, at: Columns, lines: Iterable[Line]) -> Filled:
    """Fill in grades and texts, whose users are named by participant, e-mail address or user name.

    Rows and cells come out as they were, but those that nobody is given anything in are left out; so is the column of
    texts where there are none.
    """
    every = list(lines)
    texts = any(line.text for line in every)
    rows: dict[int, list[str]] = {}
    wrong: list[str] = []
    known = _known(sheet, at)
    for line in every:
        place = next((known[name] for name in _names(line) if name in known), None)
        if problem := _problem(sheet, at, line, place, rows, texts=texts):
            wrong.append(f"line {line.number}: {problem}")
        elif place is not None:
            rows[place] = _row(sheet.rows[place], at, line)
    chosen = [sheet.rows[0], *(rows[place] for place in sorted(rows))]
    if not texts and at.text is not None:
        chosen = [[*row[: at.text], *row[at.text + 1 :]] for row in chosen]
    return Filled(sheet.text(chosen), len(rows), wrong)


def _known(sheet: Cells, at: Columns) -> Mapping[str, int]:
    """Return the rows by what names a user in them: the participant's number, and all that stands before the grade."""
    found: dict[str, int] = {}
    for place, row in enumerate(sheet.rows[1:], start=1):
        for column, cell in enumerate(row[: at.grade]):
            said = plain(cell).casefold()
            if column == at.identifier:
                number = _PARTICIPANT.fullmatch(said)
                said = f"#{number[1]}" if number else ""
            if said:
                found.setdefault(said, place)
    return found


def _names(line: Line) -> list[str]:
    """Return what a row may call a line's user; a user's id stands in no worksheet."""
    asked = [f"#{line.participant}" if line.participant else "", line.email, line.username]
    return [name.casefold() for name in asked if name]


def _problem(  # noqa: PLR0911, PLR0913 - a sentence each
    sheet: Cells, at: Columns, line: Line, place: int | None, rows: Mapping[int, object], *, texts: bool
) -> str:
    names = _names(line)
    if not names:
        return "it names a user by id, which is in no worksheet: name the e-mail address, or the participant"
    if place is None:
        return f"{names[0].lstrip('#')} is not in the worksheet"
    if place in rows:
        return f"{names[0].lstrip('#')} was named before"
    row = sheet.rows[place]
    if len(row) != len(sheet.rows[0]):
        return "its row in the worksheet has another number of cells than the first"
    if line.text and at.text is None:
        return "the worksheet has no column for texts"
    if texts and not line.text and at.text is not None and plain(row[at.text]):
        return "it has a comment, which the upload would store without its markup: give texts and grades apart"
    return _wrong_grade(line.grade, plain(row[at.grade + 1])) if line.grade else ""


def _wrong_grade(grade: str, limit: str) -> str:
    """Say what Moodle would pass over without a word; beside the grade stand its maximum, or the items of its scale."""
    if not _NUMBER.fullmatch(limit):
        items = [item.strip() for item in limit.split(_BETWEEN_ITEMS)]
        return "" if grade in items else f"{grade} is none of {', '.join(items)}"
    if not _NUMBER.fullmatch(grade) or _points(grade) > _points(limit):
        return f"{grade} is no number from 0 to {limit}"
    return ""


def _points(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


def _row(row: Sequence[str], at: Columns, line: Line) -> list[str]:
    filled = list(row)
    limit = _NUMBER.fullmatch(plain(row[at.grade + 1]))
    comma = limit is not None and limit[1] == ","
    grade = line.grade if limit is None else line.grade.replace(",", ".")
    filled[at.grade] = written(grade.replace(".", ",") if comma else grade)  # none: Moodle keeps the one that it has
    if line.text and at.text is not None:
        filled[at.text] = written(_html(line.text))
    return filled


def _html(text: str) -> str:
    """Return a text as HTML, which the upload takes it for."""
    if "<" in text and fit_format(text, TextFormat.MOODLE) is TextFormat.MOODLE:
        return text
    return escape(text, quote=False).replace("\r\n", "\n").replace("\n", "<br />")
