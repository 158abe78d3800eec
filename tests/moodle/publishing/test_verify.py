"""What became of a write, told from what is stored afterwards: one sentence a row."""

from dataclasses import replace
from decimal import Decimal

import pytest

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing import Code, Criterion, Entry, Filling, Notice, TextFormat
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.moodle.publishing.report import Outcome, Result
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Mark, Stored, Unknown
from rpc_moodle.moodle.publishing.verify import Finding, Sight, as_proven, look, proven
from rpc_moodle.moodle.publishing.write import Write

OLD, NEW = Comment("<p>old</p>", 1), Comment("<p>new</p>", TextFormat.HTML)
BOOK = BookGrade(Decimal(64), "<p>old</p>")
BEFORE = Stored(0, {0: Mark(Decimal(64), OLD, handed_in=True)}, "", book=BOOK)
TEXT = Write(Entry(5, NEW.text, TextFormat.HTML), BEFORE, 0, Decimal(64), "", NEW)
GRADE = Write(Entry(5, grade=Decimal(70)), BEFORE, 0, Decimal(70), "", None)
FILLED = Filling("rubric", (Criterion(3, 31), Criterion(4, 41)))
FORM = replace(TEXT, filling=FILLED)


def after(text: str | None = "<p>new</p>", grade: Decimal | Unknown | None = Decimal(64), **more: object) -> Stored:
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
    ("no grade is there", GRADE, after("<p>old</p>", None), Sight.MISSING, Code.NOT_STORED),
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


SPOILT = Comment("<p>old<br>er</p>", 1)
BEFORE_SPOILT = Stored(0, {0: Mark(Decimal(64), SPOILT)}, "", book=BookGrade(Decimal(64), SPOILT.text, 1))
GRADED = replace(GRADE, before=BEFORE_SPOILT)
CLEAN = "<p>old<br />er</p>"


def graded(text: Comment | Unknown, book: BookGrade | Unknown = UNKNOWN) -> Stored:
    """What is stored after the grade was."""
    return Stored(0, {0: Mark(Decimal(70), text)}, "", book=book)


@pytest.mark.parametrize(
    ("says", "write", "stored", "told"),
    [
        ("the comment is as it was", GRADED, graded(SPOILT), False),
        ("its markup is another", GRADED, graded(Comment(CLEAN, 1)), True),
        ("its words are others", GRADED, graded(Comment("<p>new</p>", 1)), False),
        ("it cannot be read", GRADED, graded(UNKNOWN), False),
        ("it could not be read before", replace(GRADED, before=graded(UNKNOWN)), graded(Comment(CLEAN, 1)), False),
        ("it is shown, where it was read as stored", GRADED, graded(Comment(CLEAN, 1, shown=True)), False),
        ("a text was sent, too", replace(GRADED, comment=Comment(CLEAN, 1)), graded(Comment(CLEAN, 1)), False),
        (
            "the gradebook has other markup",
            GRADED,
            graded(UNKNOWN, BookGrade(Decimal(70), CLEAN, 1)),
            True,
        ),
        ("the gradebook has the same", GRADED, graded(UNKNOWN, BookGrade(Decimal(70), SPOILT.text, 1)), False),
        (
            "the gradebook was not read before",
            replace(GRADED, before=replace(BEFORE_SPOILT, book=UNKNOWN)),
            graded(UNKNOWN, BookGrade(Decimal(70), CLEAN, 1)),
            False,
        ),
        (
            "the gradebook has another attempt's",
            replace(GRADED, before=replace(BEFORE_SPOILT, newest=1)),
            replace(graded(UNKNOWN, BookGrade(Decimal(70), CLEAN, 1)), newest=1),
            False,
        ),
    ],
)
def test_a_comment_that_moodle_has_cleaned_beside_a_grade_is_told(
    says: str, write: Write, stored: Stored, told: bool
) -> None:
    assert (Notice.COMMENT_CLEANED in look(write, stored).result.notices) is told, says


def test_the_attempt_that_was_written_is_looked_at_and_never_the_newest() -> None:
    reopened = Stored(1, {0: Mark(Decimal(64), Comment("<p>new</p>", 1)), 1: Mark()}, "")
    found = look(TEXT, reopened)
    assert (found.sight, found.result.notices) == (Sight.THERE, (Notice.REOPENED,))


def test_only_what_is_wholly_as_before_is_untouched() -> None:
    assert look(TEXT, BEFORE).untouched
    assert not look(TEXT, replace(BEFORE, newest=1, marks={**BEFORE.marks, 1: Mark()})).untouched
    assert not look(TEXT, after("<p>old</p>", Decimal(1))).untouched
    assert not look(TEXT, replace(BEFORE, workflow="released")).untouched
    assert look(TEXT, replace(BEFORE, workflow=UNKNOWN)).untouched


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
        ("no more attempts are allowed", SHOWN, {"attemptreopenmethod": "automatic", "maxattempts": 1}, TEXT, True),
        ("an older attempt is not there", SHOWN, {}, replace(TEXT, before=replace(BEFORE, newest=1)), False),
        ("a filled form is not there", SHOWN, {}, FORM, False),
        ("nobody can read it", UNKNOWN, {}, TEXT, False),
    ],
)
def test_when_the_gradebook_proves_a_write(
    says: str, book: BookGrade, settings: dict[str, object], write: Write, expected: bool
) -> None:
    assignment = Assignment(id=1, cmid=8, grade=100, **settings)  # type: ignore[arg-type] # settings of several kinds
    assert proven(assignment, write, replace(after(), book=book)) is expected, says


CHANGED, LOST = Code.CHANGED_MEANWHILE, Code.NOT_STORED
STAYS = replace(TEXT, names_state=False)
ASKED = replace(TEXT, workflow="released", names_state=True)
GIVEN = Write(Entry(5, filling=FILLED), BEFORE, 0, UNKNOWN, "", None, filling=FILLED)
BLIND = replace(TEXT, before=replace(BEFORE, marks={0: Mark(UNKNOWN, OLD)}), grade=None, may_clear=True)
AS_SHOWN = replace(TEXT, before=replace(BEFORE, marks={0: Mark(Decimal(64), replace(OLD, shown=True))}))
ROUNDED = replace(BOOK, rounded=True)
TO_BOOK = replace(after(), book=BookGrade(Decimal(10), "<p>new</p>"))


@pytest.mark.parametrize(
    ("says", "write", "stored", "sight", "code", "words"),
    [
        ("a grade that cannot be seen is not verified", GRADE, after("<p>old</p>", UNKNOWN), Sight.UNSEEN,
         Code.NOT_VERIFIED, "no way to read it back"),
        ("a grade that was not named need not be seen", TEXT, after(grade=UNKNOWN), Sight.THERE, Code.NONE, ""),
        ("a grade that nobody could read before", BLIND, after(), Sight.THERE, Code.NONE, ""),
        ("the comment is as it was shown before", AS_SHOWN, after("<p>old</p>"), Sight.MISSING, LOST,
         "took the comment and did not"),
        ("the comment is another than was shown before", AS_SHOWN, after("<p>other</p>"), Sight.CHANGED, CHANGED,
         "Another text is there"),
        ("a filling that stored no grade", GIVEN, after("<p>old</p>", None, filling=FILLED), Sight.MISSING, LOST,
         "stored no grade: it does not fit"),
        ("a filling that stored a grade", GIVEN, after("<p>old</p>", Decimal(9), filling=FILLED), Sight.THERE,
         Code.NONE, ""),
        ("a filling that was named and is another", GIVEN, after("<p>old</p>", Decimal(9), filling=None),
         Sight.MISSING, LOST, "The filled form that is there"),
        ("a filling that nobody can read", FORM, after(filling=UNKNOWN), Sight.THERE, Code.NONE, ""),
        ("a filling behind a new attempt", FORM, after(filling=None, newest=1), Sight.THERE, Code.NONE, ""),
        ("a state that was to stay", STAYS, after(workflow="released"), Sight.CHANGED, CHANGED,
         "The workflow state is released, not notmarked."),
        ("a state that was asked for", ASKED, after(), Sight.MISSING, LOST, "state is notmarked, not released."),
        ("a state that nobody can read", ASKED, after(workflow=UNKNOWN), Sight.THERE, Code.NONE, ""),
        ("no state is the first state", TEXT, after(workflow="notmarked"), Sight.THERE, Code.NONE, ""),
        ("a gradebook's grade that was to stay", TEXT, TO_BOOK, Sight.CHANGED, CHANGED,
         "The gradebook shows 10, and 64 before."),
        ("one that has gone", TEXT, replace(TO_BOOK, book=BookGrade()), Sight.CHANGED, CHANGED,
         "The gradebook shows no grade, and 64 before."),
        ("one that has come", replace(TEXT, before=replace(BEFORE, book=BookGrade())), TO_BOOK, Sight.CHANGED, CHANGED,
         "The gradebook shows 10, and no grade before."),
        ("one that may go", replace(TEXT, may_clear=True), TO_BOOK, Sight.THERE, Code.NONE, ""),
        ("one behind a grade that was named", replace(GRADE, grade=Decimal(64)),
         replace(TO_BOOK, marks=BEFORE.marks), Sight.THERE, Code.NONE, ""),
        ("one behind a state that was named", replace(TEXT, names_state=True), TO_BOOK, Sight.THERE, Code.NONE, ""),
        ("one that was hidden before", TEXT, replace(TO_BOOK, book=replace(BOOK, grade=None, hidden=True)), Sight.THERE,
         Code.NONE, ""),
        ("two that are rounded", replace(TEXT, before=replace(BEFORE, book=ROUNDED)), TO_BOOK, Sight.THERE, Code.NONE,
         ""),
        ("a rounded one that has gone", replace(TEXT, before=replace(BEFORE, book=ROUNDED)),
         replace(TO_BOOK, book=BookGrade()), Sight.CHANGED, CHANGED, "shows no grade, and 64 before"),
        ("the comment is another", TEXT, after("<p>other</p>"), Sight.CHANGED, CHANGED, "Another text is there"),
        ("the comment is the old one", TEXT, BEFORE, Sight.MISSING, LOST, "took the comment and did not"),
        ("the grade is another", GRADE, after("<p>old</p>", Decimal(71)), Sight.CHANGED, CHANGED,
         "Another grade is there than the one sent"),
        ("the grade is the old one", GRADE, after("<p>old</p>"), Sight.MISSING, LOST, "took the grade and did not"),
        ("somebody has graded meanwhile", TEXT, after(grade=Decimal(1)), Sight.CHANGED, CHANGED,
         "may have graded meanwhile"),
        ("the text was cleaned", TEXT, after("<div>new</div>"), Sight.THERE, Code.STORED_DIFFERENTLY,
         "in another form than it was sent"),
    ],
)  # fmt: skip
def test_what_is_reported_of_a_write(
    says: str, write: Write, stored: Stored, sight: Sight, code: Code, words: str
) -> None:
    found = look(replace(write, notices=(Notice.SENT_AS_PLAIN,)), stored)
    kept = write.before.newest < stored.newest
    assert (found.sight, found.result.code, found.result.user_id) == (sight, code, 5), says
    assert found.result.outcome is (Outcome.FAILED if code in {CHANGED, LOST} else Outcome.PUBLISHED)
    assert words in (found.result.message or "")
    assert found.result.notices[-1] is Notice.SENT_AS_PLAIN
    assert (Notice.REOPENED in found.result.notices) is kept


def test_a_write_that_is_there_is_published_and_that_is_all() -> None:
    assert look(TEXT, after()) == Finding(Sight.THERE, Result(5, Outcome.PUBLISHED))


def test_what_the_gradebook_says_is_told_as_it_is_now_and_else_as_it_was() -> None:
    hidden, locked = replace(BOOK, hidden=True), replace(BOOK, locked=True)
    write = replace(TEXT, before=replace(BEFORE, book=locked))
    assert look(write, replace(after(), book=hidden)).result.notices == (Notice.HIDDEN,)
    assert look(write, after()).result.notices == (Notice.LOCKED_IN_GRADEBOOK,)
    assert look(TEXT, replace(after(), book=hidden)).result.notices == (Notice.HIDDEN,)


def test_what_the_gradebook_proves_is_what_was_written() -> None:
    seen = replace(after(), book=SHOWN, locked=True, workflow="released", newest=3)
    assert as_proven(TEXT, seen) == Stored(
        0, {0: Mark(Decimal(64), NEW, handed_in=True)}, "released", locked=True, book=SHOWN
    )
    kept = as_proven(replace(GRADE, workflow="inmarking"), replace(seen, workflow="", locked=False))
    assert kept == Stored(0, {0: Mark(Decimal(70), OLD, handed_in=True)}, "inmarking", book=SHOWN)
    assert as_proven(replace(TEXT, workflow="inmarking"), replace(seen, workflow=UNKNOWN)).workflow == "inmarking"
    second = replace(TEXT, before=replace(BEFORE, newest=1), attempt=1)
    assert as_proven(second, seen).newest == 1
