"""What became of a write, told from what is stored afterwards: one sentence a row."""

from dataclasses import replace
from decimal import Decimal

import pytest

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing import Code, Criterion, Entry, Filling, Notice, TextFormat
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Mark, Stored
from rpc_moodle.moodle.publishing.verify import Sight, look, proven
from rpc_moodle.moodle.publishing.write import Write

OLD, NEW = Comment("<p>old</p>", 1), Comment("<p>new</p>", TextFormat.HTML)
BOOK = BookGrade(Decimal(64), "<p>old</p>")
BEFORE = Stored(0, {0: Mark(Decimal(64), OLD, handed_in=True)}, "", book=BOOK)
TEXT = Write(Entry(5, NEW.text, TextFormat.HTML), BEFORE, 0, Decimal(64), "", NEW)
GRADE = Write(Entry(5, grade=Decimal(70)), BEFORE, 0, Decimal(70), "", None)
FILLED = Filling("rubric", (Criterion(3, 31), Criterion(4, 41)))
FORM = replace(TEXT, filling=FILLED)


def after(text: str | None = "<p>new</p>", grade: Decimal | None = Decimal(64), **more: object) -> Stored:
    comment = NO_COMMENT if text is None else Comment(text, None)
    return replace(BEFORE, marks={0: Mark(grade, comment, handed_in=True)}, book=UNKNOWN, **more)  # type: ignore[arg-type] # fields of several kinds


ROWS = [
    ("the text is there", TEXT, after(), Sight.THERE, Code.NONE),
    ("the old text is there", TEXT, after("<p>old</p>"), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    ("nothing has changed", TEXT, replace(BEFORE), Sight.MISSING, Code.NOT_STORED),
    ("no text is there", TEXT, after(None), Sight.MISSING, Code.NOT_STORED),
    ("somebody else's text is there", TEXT, after("<p>other</p>"), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    ("Moodle has cleaned it", TEXT, after("<div>new</div>"), Sight.THERE, Code.STORED_DIFFERENTLY),
    ("the grade has gone", TEXT, after(grade=None), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    ("somebody has graded", TEXT, after(grade=Decimal(70)), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    ("the state has changed", TEXT, after(workflow="released"), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    ("the text cannot be read", TEXT, Stored(0, {0: Mark(UNKNOWN, UNKNOWN)}, UNKNOWN), Sight.UNSEEN, Code.NOT_VERIFIED),
    (
        "the gradebook has lost its grade",
        TEXT,
        replace(after(), book=BookGrade(None, "<p>new</p>")),
        Sight.CHANGED,
        Code.CHANGED_MEANWHILE,
    ),
    ("the grade is there", GRADE, after("<p>old</p>", Decimal(70)), Sight.THERE, Code.NONE),
    ("the grade is the old one", GRADE, after("<p>old</p>"), Sight.MISSING, Code.NOT_STORED),
    ("another grade is there", GRADE, after("<p>old</p>", Decimal(71)), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    ("the filling is there", FORM, after(filling=FILLED), Sight.THERE, Code.NONE),
    (
        "the filling is another",
        FORM,
        after(filling=replace(FILLED, criteria=(Criterion(3, 31),))),
        Sight.CHANGED,
        Code.CHANGED_MEANWHILE,
    ),
    ("the filling has gone", FORM, after(filling=None), Sight.CHANGED, Code.CHANGED_MEANWHILE),
    (
        "a state that was asked for is not there",
        replace(TEXT, workflow="released", names_state=True),
        after(),
        Sight.MISSING,
        Code.NOT_STORED,
    ),
]


@pytest.mark.parametrize(("says", "write", "stored", "sight", "code"), ROWS, ids=[row[0] for row in ROWS])
def test_what_is_seen_of_a_write(says: str, write: Write, stored: Stored, sight: Sight, code: Code) -> None:
    found = look(write, stored)
    assert (found.sight, found.result.code) == (sight, code), says


def test_the_attempt_that_was_written_is_looked_at_and_never_the_newest() -> None:
    reopened = Stored(1, {0: Mark(Decimal(64), Comment("<p>new</p>", 1)), 1: Mark()}, "")
    found = look(TEXT, reopened)
    assert (found.sight, found.result.notices) == (Sight.THERE, (Notice.REOPENED,))


def test_only_what_is_wholly_as_before_is_untouched() -> None:
    assert look(TEXT, BEFORE).untouched
    assert not look(TEXT, replace(BEFORE, newest=1, marks={**BEFORE.marks, 1: Mark()})).untouched
    assert not look(TEXT, after("<p>old</p>", Decimal(1))).untouched


SHOWN = BookGrade(Decimal(64), "<p>new</p>")


@pytest.mark.parametrize(
    ("says", "book", "settings", "write", "expected"),
    [
        ("it is there", SHOWN, {}, TEXT, True),
        ("another text is", BookGrade(Decimal(64), "<p>old</p>"), {}, TEXT, False),
        ("another grade is", BookGrade(Decimal(6), "<p>new</p>"), {}, TEXT, False),
        ("no grade is", BookGrade(None, "<p>new</p>"), {}, TEXT, False),
        ("a lock keeps it out", replace(SHOWN, locked=True), {}, TEXT, False),
        ("an override, too", replace(SHOWN, overridden=True), {}, TEXT, False),
        ("blind marking, too", SHOWN, {"blindmarking": True}, TEXT, False),
        ("before the release, too", SHOWN, {"markingworkflow": True}, TEXT, False),
        ("released it is there", SHOWN, {"markingworkflow": True}, replace(TEXT, workflow="released"), True),
        ("an attempt may have been added", SHOWN, {"attemptreopenmethod": "automatic"}, TEXT, False),
        ("an older attempt is not there", SHOWN, {}, replace(TEXT, before=replace(BEFORE, newest=1)), False),
        ("a filled form is not there", SHOWN, {}, FORM, False),
        ("nobody can read it", UNKNOWN, {}, TEXT, False),
    ],
)
def test_when_the_gradebook_proves_a_write(
    says: str, book: BookGrade, settings: dict[str, bool], write: Write, expected: bool
) -> None:
    assignment = Assignment(id=1, cmid=8, grade=100, **settings)  # type: ignore[arg-type] # settings of several kinds
    assert proven(assignment, write, replace(after(), book=book)) is expected, says
