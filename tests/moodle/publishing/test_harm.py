"""What else a write would do in Moodle, one sentence a row."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing import Code, Options
from rpc_moodle.moodle.publishing.harm import Step, harm, reopens
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Mark, Stored

TEXT = Step(is_newest=True, grade=None, workflow="", names_grade=False, names_state=False)
KEPT = replace(TEXT, grade=Decimal(64))
GRADE = replace(TEXT, grade=Decimal(30), names_grade=True)


def state(state: str, **more: Any) -> Step:
    return replace(KEPT, workflow=state, names_state=True, **more)


def book(grade: int | None, **more: Any) -> BookGrade:
    return BookGrade(None if grade is None else Decimal(grade), **more)


MARKED = {0: Mark(Decimal(64), handed_in=True)}
AGAIN = {0: Mark(Decimal(64), handed_in=True), 1: Mark(handed_in=True)}


NOTHING = Stored()
PLAIN = Options()


@dataclass
class Case:
    """A state of an assignment and a step, and the code that it is refused with."""

    says: str
    step: Step
    code: Code | None
    stored: Stored = NOTHING
    settings: dict[str, Any] = field(default_factory=dict)
    options: Options = PLAIN
    pass_grade: Decimal | None = None


AUTO = {"attemptreopenmethod": "automatic", "maxattempts": -1}
UNTIL = {"attemptreopenmethod": "untilpass", "maxattempts": -1}
WORKFLOW = {"markingworkflow": True}
FIFTY = Decimal(50)

CASES = [
    Case("a text is just a text", TEXT, None, Stored(book=book(None))),
    Case("a text adds an attempt where attempts reopen automatically", TEXT, Code.WOULD_REOPEN, settings=AUTO),
    Case("a new attempt may be wanted", TEXT, None, settings=AUTO, options=Options(allow_reopen=True)),
    Case("with a grade the course's own rule is meant", GRADE, None, settings=AUTO),
    Case("the last attempt is not reopened", KEPT, None, Stored(newest=2), {**AUTO, "maxattempts": 3}),
    Case("the last but one is", KEPT, Code.WOULD_REOPEN, Stored(newest=1), {**AUTO, "maxattempts": 3}),
    Case("a limit of none is no limit", KEPT, Code.WOULD_REOPEN, settings={**AUTO, "maxattempts": 0}),
    Case("one attempt is Moodle's default, and nothing reopens", TEXT, None, settings={**AUTO, "maxattempts": 1}),
    Case("an older attempt is not looked at", replace(TEXT, is_newest=False), None, settings=AUTO),
    Case("a failing grade that is kept reopens", KEPT, Code.WOULD_REOPEN, settings=UNTIL, pass_grade=Decimal(70)),
    Case("a passing grade that is kept does not", KEPT, None, settings=UNTIL, pass_grade=FIFTY),
    Case("a grade just good enough passes", KEPT, None, settings=UNTIL, pass_grade=Decimal(64)),
    Case("without a grade nobody fails", TEXT, None, settings=UNTIL, pass_grade=FIFTY),
    Case("without a grade to pass nobody fails", KEPT, None, settings=UNTIL, pass_grade=Decimal(0)),
    Case("what passes cannot be read, so it may fail", KEPT, Code.WOULD_REOPEN, settings={**UNTIL, "grade": 100}),
    Case(
        "what passes is told by the gradebook, whose item may have a factor",
        KEPT,
        Code.WOULD_REOPEN,
        Stored(book=book(32)),
        UNTIL,
        pass_grade=FIFTY,
    ),
    Case("the gradebook's offset lets pass", KEPT, None, Stored(book=book(74)), UNTIL, pass_grade=Decimal(70)),
    Case(
        "a rounded grade of the gradebook that just passes does not",
        replace(KEPT, grade=Decimal("49.996")),
        Code.WOULD_REOPEN,
        Stored(book=book(50, rounded=True)),
        UNTIL,
        pass_grade=FIFTY,
    ),
    Case(
        "one that does, too, passes",
        replace(KEPT, grade=FIFTY),
        None,
        Stored(book=book(50, rounded=True)),
        UNTIL,
        pass_grade=FIFTY,
    ),
    Case(
        "a failing grade that is released reopens",
        replace(KEPT, workflow="released"),
        Code.WOULD_REOPEN,
        Stored(workflow="released", book=book(64)),
        {**UNTIL, **WORKFLOW},
        pass_grade=Decimal(70),
    ),
    Case(
        "one that is not does not",
        replace(KEPT, workflow="inmarking"),
        None,
        Stored(workflow="inmarking", book=book(None)),
        {**UNTIL, **WORKFLOW},
        pass_grade=Decimal(70),
    ),
    Case("the best grade always passes", replace(KEPT, grade=Decimal(100)), None, settings={**UNTIL, "grade": 100}),
    Case("a grade that cannot be read may fail", replace(KEPT, grade=UNKNOWN), Code.WOULD_REOPEN, settings=UNTIL),
    Case(
        "an override that fails reopens",
        TEXT,
        Code.WOULD_REOPEN,
        Stored(book=book(10, overridden=True)),
        UNTIL,
        pass_grade=FIFTY,
    ),
    Case(
        "an override that passes does not",
        replace(KEPT, grade=Decimal(10)),
        None,
        Stored(book=book(60, overridden=True)),
        UNTIL,
        pass_grade=FIFTY,
    ),
    Case(
        "an override that just passes does not",
        TEXT,
        None,
        Stored(book=book(50, overridden=True)),
        UNTIL,
        pass_grade=FIFTY,
    ),
    Case(
        "blind grades are not looked at", KEPT, None, settings={**UNTIL, "blindmarking": True}, pass_grade=Decimal(70)
    ),
    Case(
        "an older attempt fills the gradebook",
        TEXT,
        Code.WOULD_CLEAR_GRADE,
        Stored(1, AGAIN, book=book(64)),
    ),
    Case("it may, where the gradebook cannot be read", TEXT, Code.WOULD_CLEAR_GRADE, Stored(1, AGAIN)),
    Case("it may, where the older attempt cannot be read", TEXT, Code.WOULD_CLEAR_GRADE, Stored(1)),
    Case("a grade comes along", GRADE, None, Stored(1, AGAIN, book=book(64))),
    Case("the loss is allowed", TEXT, None, Stored(1, AGAIN, book=book(64)), options=Options(overwrite_grades=True)),
    Case("the gradebook keeps what it has under a lock", TEXT, None, Stored(1, AGAIN, book=book(64, locked=True))),
    Case("a grade from before the workflow", KEPT, Code.WOULD_CLEAR_GRADE, Stored(0, MARKED, book=book(64)), WORKFLOW),
    Case("it may be, where the gradebook cannot be read", KEPT, Code.WOULD_CLEAR_GRADE, Stored(0, MARKED), WORKFLOW),
    Case(
        "it may be, in the first state by its name, too",
        replace(KEPT, workflow="notmarked"),
        Code.WOULD_CLEAR_GRADE,
        Stored(0, MARKED, "notmarked"),
        WORKFLOW,
    ),
    Case("nobody has graded, so there is none", TEXT, None, Stored(0, {0: Mark(handed_in=True)}), WORKFLOW),
    Case(
        "a grade that nobody sees yet",
        replace(KEPT, workflow="inmarking"),
        None,
        Stored(0, MARKED, "inmarking", book=book(None)),
        WORKFLOW,
    ),
    Case("released keeps it", state("released"), None, Stored(0, MARKED, book=book(64)), WORKFLOW),
    Case(
        "a released text",
        replace(KEPT, workflow="released"),
        None,
        Stored(0, MARKED, "released", book=book(64)),
        WORKFLOW,
    ),
    Case(
        "taking back is refused",
        state("inmarking"),
        Code.WOULD_TAKE_BACK,
        Stored(0, MARKED, "released", book=book(64)),
        WORKFLOW,
    ),
    Case(
        "taking back what the gradebook shows, too",
        state("inmarking"),
        Code.WOULD_TAKE_BACK,
        Stored(0, MARKED, book=book(64)),
        WORKFLOW,
    ),
    Case(
        "taking back what may be released, too",
        state("inmarking"),
        Code.WOULD_TAKE_BACK,
        Stored(0, MARKED, UNKNOWN),
        WORKFLOW,
    ),
    Case(
        "taking back an older attempt's, too",
        state("inmarking", is_newest=False),
        Code.WOULD_TAKE_BACK,
        Stored(1, AGAIN, "released"),
        WORKFLOW,
    ),
    Case(
        "taking back may be wanted",
        state("inmarking"),
        None,
        Stored(0, MARKED, "released", book=book(64)),
        WORKFLOW,
        Options(allow_take_back=True),
    ),
    Case(
        "a grade that was never released",
        KEPT,
        Code.WOULD_RELEASE_GRADE,
        Stored(0, MARKED, "inmarking", book=book(None)),
    ),
    Case(
        "one that nobody can read stays what it is",
        replace(KEPT, grade=UNKNOWN),
        None,
        Stored(0, MARKED, "inmarking", book=book(None)),
    ),
    Case("a released grade that the gradebook has not", KEPT, None, Stored(0, MARKED, "released", book=book(None))),
    Case(
        "nor one that is hidden in the gradebook",
        KEPT,
        Code.WOULD_RELEASE_GRADE,
        Stored(0, MARKED, "inmarking", book=book(None, hidden=True)),
    ),
    Case(
        "one without a state, which the gradebook has not",
        KEPT,
        Code.WOULD_RELEASE_GRADE,
        Stored(0, MARKED, book=book(None)),
    ),
    Case("a grade from when there were grades", KEPT, None, Stored(0, MARKED, book=book(None)), {"grade": 0}),
    Case("it has it, and may not show it", KEPT, None, Stored(0, MARKED, book=book(None, hidden=True))),
    Case("nobody can read whether it has it", KEPT, None, Stored(0, MARKED)),
    Case("nor shown to be", KEPT, Code.WOULD_RELEASE_GRADE, Stored(0, MARKED, "inmarking")),
    Case("a grade that was", KEPT, None, Stored(0, MARKED, "inmarking", book=book(64))),
    Case("one is named", GRADE, None, Stored(0, MARKED, "inmarking", book=book(None))),
    Case("locked takes no grade", GRADE, Code.GRADEBOOK_CLOSED, Stored(0, MARKED, book=book(64, locked=True))),
    Case(
        "nor of an older attempt",
        replace(GRADE, is_newest=False),
        Code.GRADEBOOK_CLOSED,
        Stored(1, AGAIN, book=book(64, locked=True)),
    ),
    Case("overridden takes no grade", GRADE, Code.GRADEBOOK_CLOSED, Stored(0, MARKED, book=book(9, overridden=True))),
    Case(
        "nor a state", state("released"), Code.GRADEBOOK_CLOSED, Stored(0, MARKED, book=book(64, locked=True)), WORKFLOW
    ),
    Case("locked takes a text", KEPT, None, Stored(0, MARKED, book=book(64, locked=True))),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_a_write_would_do_besides(case: Case) -> None:
    assignment = Assignment(id=1, cmid=8, **{"grade": 100, **case.settings})
    found = harm(assignment, case.pass_grade, case.options, case.stored, case.step)
    assert (found.code if found else None) == case.code


def test_a_failing_grade_that_is_given_reopens_and_a_passing_one_does_not() -> None:
    assignment = Assignment(id=1, cmid=8, grade=100, **UNTIL)  # type: ignore[arg-type] # settings of several kinds
    assert reopens(assignment, FIFTY, Stored(), GRADE)
    assert not reopens(assignment, FIFTY, Stored(), replace(GRADE, grade=Decimal(80)))
    assert not reopens(assignment, FIFTY, Stored(), replace(TEXT, workflow="inmarking"))


@pytest.mark.parametrize(
    ("says", "step", "before", "settings", "words"),
    [
        ("a lock", GRADE, Stored(book=book(1, locked=True)), {}, "The user's grade is locked in the gradebook"),
        ("an override", GRADE, Stored(book=book(1, overridden=True)), {}, "grade is overridden in the gradebook"),
        ("every write reopens", TEXT, NOTHING, AUTO, "reopens attempts automatically. Pass a grade too"),
        ("a failure reopens", KEPT, NOTHING, UNTIL, "reopens attempts until they pass. Pass a grade too"),
        ("a step back", state("inmarking"), Stored(workflow="released"), WORKFLOW, "pass allowTakeBack"),
        ("an unreleased grade", KEPT, Stored(workflow="inmarking"), {}, "The grade was never released"),
        ("a release that is missing", KEPT, Stored(book=book(1)), WORKFLOW, "pass workflowState, released keeps it"),
        ("a grade of an older attempt", TEXT, Stored(1, AGAIN), {}, "pass overwriteGrades"),
    ],
)
def test_a_refusal_says_what_to_do(says: str, step: Step, before: Stored, settings: dict[str, Any], words: str) -> None:
    found = harm(Assignment(id=1, cmid=8, grade=100, **settings), None, PLAIN, before, step)
    assert found is not None, says
    assert words in found.text
