"""What else a write would do in Moodle: to the gradebook, to a release, to the attempts; decided without I/O."""

from dataclasses import dataclass
from decimal import Decimal

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.entries import Options
from rpc_moodle.moodle.publishing.report import Code
from rpc_moodle.moodle.publishing.stored import UNKNOWN, Stored, Unknown


@dataclass(frozen=True, slots=True)
class Step:
    """What a write leaves: grade and state, named by the entry or kept, on the newest attempt or an older one."""

    is_newest: bool
    grade: Decimal | Unknown | None
    workflow: str | Unknown
    names_grade: bool
    names_state: bool


@dataclass(frozen=True, slots=True)
class Harm:
    """Why an entry is refused."""

    code: Code
    text: str


def harm(
    assignment: Assignment, pass_grade: Decimal | None, options: Options, before: Stored, step: Step
) -> Harm | None:
    """Return what a write would do besides what it says, None where it does nothing else.

    Moodle puts grade and comment of the newest attempt into the gradebook at every write, and looks whether a new
    attempt is due; a write to an older attempt does neither (``manual.3``).
    """
    found = _takes_back(assignment, options, before, step) or _closed(before, step)
    if found is not None or not step.is_newest:
        return found
    return _gradebook(assignment, options, before, step) or _attempts(assignment, pass_grade, options, before, step)


def may_reopen(assignment: Assignment, newest: int) -> bool:
    """Tell whether Moodle adds attempts by itself, and one more is allowed: it is the default, with one attempt."""
    if assignment.attemptreopenmethod not in {"automatic", "untilpass"}:
        return False
    return assignment.maxattempts <= 0 or newest < assignment.maxattempts - 1


def reopens(assignment: Assignment, pass_grade: Decimal | None, before: Stored, step: Step) -> bool:  # noqa: PLR0911 - a table of cases
    """Tell whether Moodle adds an attempt at a write to the newest one (``auto.*``, ``untilpass.*``).

    Until pass, what counts is what the gradebook then holds; where it cannot be read whether that passes, a graded
    user may be reopened.
    """
    if not may_reopen(assignment, before.newest):
        return False
    if assignment.attemptreopenmethod == "automatic":
        return True
    book = before.book
    if not isinstance(book, Unknown) and book.is_closed:
        return book.failed or (book.grade is not None and _fails(book.grade, pass_grade))
    if assignment.anonymous or (step.grade is None and not step.names_grade):
        return False
    if assignment.markingworkflow and step.workflow != "released":
        return False
    if not step.names_grade and pass_grade is not None and not isinstance(book, Unknown) and book.grade is not None:
        # The gradebook's own sum counts, which an item's factor or offset makes another than the assignment's.
        kept = isinstance(step.grade, Decimal) and book.rounded and _fails(step.grade, pass_grade)
        return kept or _fails(book.grade, pass_grade)
    if isinstance(step.grade, Decimal) and (pass_grade is not None or step.grade == assignment.grade):
        return _fails(step.grade, pass_grade)
    return True


def _fails(grade: Decimal, pass_grade: Decimal | None) -> bool:
    return bool(pass_grade and grade < pass_grade)


def _takes_back(assignment: Assignment, options: Options, before: Stored, step: Step) -> Harm | None:
    if not (assignment.markingworkflow and step.names_state) or step.workflow == "released" or options.allow_take_back:
        return None
    book = before.book
    in_book = not isinstance(book, Unknown) and book.grade is not None and not book.is_closed
    if before.workflow == "released" or before.workflow is UNKNOWN or in_book:
        text = "Students may see the grade already, and this state would take it back; pass allowTakeBack if it shall."
        return Harm(Code.WOULD_TAKE_BACK, text)
    return None


def _closed(before: Stored, step: Step) -> Harm | None:
    """Refuse a grade, and a state, that Moodle takes and does not store (``gradebook.1``, ``gradebook.2``)."""
    book = before.book
    if isinstance(book, Unknown) or not book.is_closed or not (step.names_grade or step.names_state):
        return None
    how = "locked" if book.locked else "overridden"
    text = f"The user's grade is {how} in the gradebook, where Moodle stores neither a grade nor a workflow state."
    return Harm(Code.GRADEBOOK_CLOSED, text)


def _gradebook(assignment: Assignment, options: Options, before: Stored, step: Step) -> Harm | None:  # noqa: PLR0911 - a table of cases
    book = before.book
    if assignment.anonymous or options.overwrite_grades or (not isinstance(book, Unknown) and book.is_closed):
        return None
    if assignment.markingworkflow and step.workflow != "released":
        return _unreleased(before, step)
    if step.names_grade or step.names_state:
        return None
    if step.grade is None:
        return _clears(before)
    if not isinstance(step.grade, Decimal) or assignment.markingworkflow or assignment.grade == 0:
        return None
    if _was_held_back(before):
        text = (
            "The grade was never released: the marking workflow was switched off before, and writing would put it "
            "into the gradebook. Pass the grade too, or switch the workflow on."
        )
        return Harm(Code.WOULD_RELEASE_GRADE, text)
    return None


def _was_held_back(before: Stored) -> bool:
    """Tell whether a workflow that is switched off now has kept a grade out of the gradebook."""
    book = before.book
    if before.workflow == "released" or (not isinstance(book, Unknown) and book.grade is not None):
        return False
    # A grade without a state is there as a rule, and who may not see hidden grades reads none.
    return before.workflow != "" or not (isinstance(book, Unknown) or book.hidden)


def _unreleased(before: Stored, step: Step) -> Harm | None:
    """Refuse to empty the gradebook of a grade that was given before the workflow was switched on."""
    if step.names_state:
        return None
    book = before.book
    if isinstance(book, Unknown):
        grade = before.mark(before.newest).grade
        lost = before.workflow in {"", "notmarked", UNKNOWN} and grade is not None
    else:
        lost = book.grade is not None
    if not lost:
        return None
    text = (
        "The gradebook holds a grade that the marking workflow has not released, and any write would take it away: "
        "pass workflowState, released keeps it."
    )
    return Harm(Code.WOULD_CLEAR_GRADE, text)


def _clears(before: Stored) -> Harm | None:
    """Refuse to empty the gradebook where an older attempt fills it and the newest has no grade (``manual.4``)."""
    book = before.book
    if isinstance(book, Unknown):
        older = (before.mark(number).grade for number in range(before.newest))
        lost = any(grade is not None for grade in older)
    else:
        lost = book.grade is not None
    if not lost:
        return None
    text = (
        "The gradebook shows the grade of an older attempt, or may show one, and a text for the newest attempt, which "
        "has no grade, would empty it: pass a grade too, name the attempt, or pass overwriteGrades."
    )
    return Harm(Code.WOULD_CLEAR_GRADE, text)


def _attempts(
    assignment: Assignment, pass_grade: Decimal | None, options: Options, before: Stored, step: Step
) -> Harm | None:
    if step.names_grade or options.allow_reopen or not reopens(assignment, pass_grade, before, step):
        return None
    text = (
        "Moodle would add a new attempt and hide the work behind it: the assignment reopens attempts "
        + ("automatically" if assignment.attemptreopenmethod == "automatic" else "until they pass")
        + ". Pass a grade too, or allowReopen."
    )
    return Harm(Code.WOULD_REOPEN, text)
