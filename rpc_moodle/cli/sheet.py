"""Grades and texts out of a CSV: one's own, or the grading worksheet that Moodle gives out."""

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

_COLUMNS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "user": ("extid", "userid", "user id", "id", "user"),
        "username": ("username", "user name"),
        "email": ("email", "e-mail", "email address"),
        "participant": ("identifier",),
        "grade": ("grade", "points"),
        "text": ("text", "feedback", "comment", "feedback comments"),
        "maximum": ("maximum grade",),
    }
)
_PARTICIPANT = re.compile(r"\D*(\d+)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sheet: who is meant, and what is to be published; ``number`` counts from 1, the header included.

    ``maximum`` is that of Moodle's worksheet, which writes grades with as many decimals.
    """

    number: int
    user: str = ""
    username: str = ""
    email: str = ""
    participant: str = ""
    grade: str = ""
    text: str = ""
    maximum: str = ""


class NoSheet(ValueError):
    """The file is no sheet that could be published; the text says why."""


def read_sheet(content: str) -> list[Line]:
    """Return the lines of a sheet that have a grade or a text.

    It may be separated by commas, semicolons or tabs, begin with a byte order mark, and name its columns in any case
    and order. ``Participant N`` of Moodle's worksheet is a number of the assignment's own, and no user's id, whether
    marking is blind or not (``importgradeslib.php`` of Moodle's source).

    Raises NoSheet.
    """
    lines = content.removeprefix("\ufeff").splitlines(keepends=True)
    if not lines:
        raise NoSheet("The file is empty.")
    separator = max(",;\t", key=lines[0].count)
    rows = csv.reader(lines, delimiter=separator)
    places = _places(next(rows))
    found = [_line(number, row, places) for number, row in enumerate(rows, start=2) if any(row)]
    return [line for line in found if line.grade or line.text]


def _places(header: Sequence[str]) -> dict[str, int]:
    names = [name.strip().casefold() for name in header]
    places = {
        column: names.index(name)
        for column, known in _COLUMNS.items()
        for name in [next((each for each in known if each in names), "")]
        if name
    }
    if not places.keys() & {"user", "username", "email", "participant"}:
        raise NoSheet("No column says whose grade it is: name one userid, username or email.")
    if not places.keys() & {"grade", "text"}:
        raise NoSheet("No column holds anything to publish: name one grade or text.")
    return places


def _line(number: int, row: Sequence[str], places: Mapping[str, int]) -> Line:
    cells = {column: row[place].strip() if place < len(row) else "" for column, place in places.items()}
    participant = _PARTICIPANT.fullmatch(cells.get("participant", ""))
    cells["participant"] = participant[1] if participant else ""
    return Line(number, **cells)


def resolve(lines: Iterable[Line], people: Iterable[Mapping[str, object]]) -> tuple[list[dict[str, object]], list[str]]:
    """Return the items of a publication, and for each line that names nobody, or two, what is wrong with it.

    ``people`` are users as the methods give them. A user's id counts before the user name, that before the e-mail, and
    that before the number of a participant, which the service looks up.
    """
    every = list(people)
    by_id = {str(each["id"]): each["id"] for each in every}
    by_name = {str(each.get("username") or "").casefold(): each["id"] for each in every}
    by_email = {str(each.get("email") or "").casefold(): each["id"] for each in every}
    items: list[dict[str, object]] = []
    wrong: list[str] = []
    seen: dict[object, int] = {}
    for line in lines:
        asked = line.user or line.username or line.email
        if not asked and line.participant:
            items.append({"participant": int(line.participant)} | _said(line))
            continue
        table = by_id if line.user else by_name if line.username else by_email
        user = table.get(asked.casefold()) if asked else None
        if user is None:
            wrong.append(f"line {line.number}: {asked or 'nobody'} takes no part in the assignment")
        elif user in seen:
            wrong.append(f"line {line.number}: {asked} was named before, in line {seen[user]}")
        else:
            seen[user] = line.number
            items.append({"extId": user} | _said(line))
    return items, wrong


def _said(line: Line) -> dict[str, object]:
    said = {"grade": line.grade, "text": line.text}
    return {name: value for name, value in said.items() if value}
