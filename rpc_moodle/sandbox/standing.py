"""Where a user stands in an assignment: all that is stored, as values that can be compared before and after."""

from __future__ import annotations

from dataclasses import dataclass

from rpc_moodle.sandbox.advanced import ACTIVE
from rpc_moodle.sandbox.work import NEW, Assignment, Flags, Grade


@dataclass(frozen=True)
class Attempt:
    """A submission of the user, or with ``userid`` 0 of a team."""

    groupid: int
    number: int
    status: str
    latest: bool
    files: tuple[str, ...]
    onlinetext: str | None


@dataclass(frozen=True)
class Book:
    """A row of the gradebook, without its dates."""

    grade: float | None
    feedback: str
    feedbackformat: int
    overridden: bool
    locked: bool
    hidden: bool


@dataclass(frozen=True)
class Standing:
    """All that is stored of one user in one assignment, but for times and the ids of rows.

    ``grades`` and ``comments`` by attempt; ``workflow`` is ``""`` for not marked. ``flags`` are locked, extension and
    marker, ``mailed`` is ``None`` without a row. ``fillings`` of the active form: attempt, criterion, level or score,
    remark; an active form without any is the attempt with an empty tuple. ``notified`` counts the writes after which
    Moodle is to tell the user. ``given`` are the feedback files: attempt, path, SHA-1.
    """

    attempts: tuple[Attempt, ...] = ()
    grades: tuple[tuple[int, float | None], ...] = ()
    comments: tuple[tuple[int, str, int], ...] = ()
    workflow: str = ""
    flags: tuple[int, int, int] = (0, 0, 0)
    mailed: int | None = None
    book: Book | None = None
    fillings: tuple[tuple[int, tuple[tuple[int, float, str], ...]], ...] = ()
    notified: int = 0
    given: tuple[tuple[int, str, str], ...] = ()


def standing(one: Assignment, userid: int) -> Standing:
    """Return where a user stands; ``userid`` 0 is for the submissions of teams.

    What says nothing is as none: a first attempt with status ``new``, which reading makes, and a row of
    ``assign_grades`` that nobody has graded.
    """
    rows = [row for (owner, _), owned in sorted(one.attempts.items()) if owner == userid for row in owned]
    said = [row for row in rows if (row.attemptnumber, row.status) != (0, NEW) or not row.latest]
    marks = sorted((row for (owner, _), row in one.grades.items() if owner == userid), key=_number)
    flags = one.flags.get(userid)
    shown = flags or Flags(0, userid)
    return Standing(
        attempts=tuple(
            Attempt(
                row.groupid,
                row.attemptnumber,
                row.status,
                row.latest,
                tuple(file.filename for file in row.files),
                row.onlinetext,
            )
            for row in said
        ),
        grades=tuple((row.attemptnumber, row.grade) for row in marks if row.is_graded),
        comments=tuple(
            (row.attemptnumber, row.comment.text, row.comment.format)
            for row in marks
            if row.comment and row.comment.text
        ),
        workflow=shown.workflowstate,
        flags=(shown.locked, shown.extensionduedate, shown.allocatedmarker),
        mailed=flags.mailed if flags else None,
        book=_book(one, userid),
        fillings=_fillings(one, marks),
        notified=one.notified.count(userid),
        given=tuple(
            (row.attemptnumber, file.filepath + file.filename, file.sha1) for row in marks for file in row.files
        ),
    )


def standings(one: Assignment) -> dict[int, Standing]:
    """Return the standing of everybody of whom anything is stored, and of teams under the user id 0."""
    owners = {owner for owner, _ in one.attempts} | {owner for owner, _ in one.grades}
    return {userid: standing(one, userid) for userid in sorted(owners | one.flags.keys() | one.gradebook.keys())}


def _book(one: Assignment, userid: int) -> Book | None:
    row = one.gradebook.get(userid)
    if row is None:
        return None
    return Book(row.grade, row.feedback, row.feedbackformat, row.overridden, row.locked, row.hidden)


def _fillings(one: Assignment, marks: list[Grade]) -> tuple[tuple[int, tuple[tuple[int, float, str], ...]], ...]:
    active = {row.itemid: row for row in one.instances if row.status == ACTIVE}
    return tuple(
        (
            mark.attemptnumber,
            tuple((criterion, each.value, each.remark) for criterion, each in active[mark.id].fillings.items()),
        )
        for mark in marks
        if mark.id in active
    )


def _number(row: Grade) -> int:
    return row.attemptnumber
