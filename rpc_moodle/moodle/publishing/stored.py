"""What is stored for a user, put together from what was read; what nothing tells is unknown, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Final

from rpc_moodle.moodle.grades import FlagsRow, GradeRow, LastAttempt, Status, SubmissionRow, number
from rpc_moodle.moodle.models import Assignment, Plugin
from rpc_moodle.moodle.publishing.book import Item
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.moodle.publishing.entries import Filling, TextFormat
from rpc_moodle.moodle.values import decimal

_HANDED_IN: Final = frozenset({"draft", "submitted"})


class Unknown(Enum):
    """What the token does not let anybody see."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN


@dataclass(frozen=True, slots=True)
class Mark:
    """What is stored for one attempt: ``grade`` None is no grade; ``row`` is the id that a filled form hangs on.

    ``direct`` says that the grade was seen to be given directly, not by a rubric or a guide.
    """

    grade: Decimal | Unknown | None = None
    comment: Comment | Unknown = NO_COMMENT
    handed_in: bool = False
    row: int | None = None
    direct: bool = False


UNMARKED: Final = Mark()
UNSEEN_MARK: Final = Mark(UNKNOWN, UNKNOWN)


@dataclass(frozen=True, slots=True)
class BookGrade:
    """What the gradebook holds for a user; ``failed`` tells where the item has a pass mark and shows it.

    ``rounded`` is a grade as the user's status shows it, which tells neither locks nor all decimals.
    """

    grade: Decimal | None = None
    text: str = ""
    format: int | None = None
    locked: bool = False
    overridden: bool = False
    hidden: bool = False
    failed: bool = False
    rounded: bool = False

    @property
    def comment(self) -> Comment:
        """Return its text as a comment: in its own format, or as the student sees it where that is HTML."""
        if self.format in {None, TextFormat.HTML} or not self.text:
            return Comment(self.text, TextFormat.HTML, shown=bool(self.text))
        return Comment(self.text, self.format)

    @property
    def is_closed(self) -> bool:
        """Whether Moodle takes no grade for the user: locked or overridden in the gradebook."""
        return self.locked or self.overridden


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored for a user.

    ``newest`` is the number of the newest attempt, counted from 0, and ``marks`` what is known of each
    attempt. ``workflow`` is the state as stored, empty for none. ``filling`` is the filled rubric or guide of
    the newest attempt, None for none.
    """

    newest: int = 0
    marks: Mapping[int, Mark] = field(default_factory=dict)
    workflow: str | Unknown = ""
    locked: bool = False
    book: BookGrade | Unknown = UNKNOWN
    filling: Filling | Unknown | None = UNKNOWN

    def mark(self, attempt: int) -> Mark:
        """Return what is known of an attempt; an earlier one that was not read is unknown."""
        default = UNMARKED if attempt >= self.newest else UNSEEN_MARK
        return self.marks.get(attempt, default)


@dataclass(frozen=True, slots=True)
class Bulk:
    """What one request each tells about all users; None where the token may not ask, or nobody needs it.

    ``fillings`` are the active filled forms by the id of the grade that they hang on.
    """

    grades: Mapping[int, GradeRow] | None = None
    flags: Mapping[int, FlagsRow] | None = None
    submissions: Mapping[int, SubmissionRow] | None = None
    book: Mapping[int, Item] | None = None
    fillings: Mapping[int, Filling] | None = None

    def is_blank(self, assignment: Assignment, user: int) -> bool:
        """Whether a user has no submission at all, and so neither grade nor comment.

        Grading makes a submission where there was none (``save.no_submission.2_after``); in a team the row may be
        the team's.
        """
        return self.submissions is not None and user not in self.submissions and not assignment.teamsubmission


def stored(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> Stored:
    """Put together what was read about a user."""
    attempt: LastAttempt = (seen or {}).get("lastattempt", {})
    flags = (bulk.flags or {}).get(user)
    shown = ((seen or {}).get("feedback", {}).get("gradefordisplay")) or ""
    newest, handed_in = _newest(user, bulk, seen)
    grade = _grade(assignment, user, bulk, seen)
    row = (bulk.grades or {}).get(user)
    seen_row = (seen or {}).get("feedback", {}).get("grade") or row
    marks = {
        newest: Mark(
            grade,
            _comment(assignment, user, bulk, seen),
            handed_in,
            seen_row.get("id") if seen_row and _number(seen_row) == newest else None,
            _given_directly(shown),
        )
    }
    for each in (seen or {}).get("previousattempts", []):
        marks[_number(each)] = _earlier(each)
    return Stored(
        newest=newest,
        marks=marks,
        workflow=_workflow(assignment, user, bulk, seen),
        locked=bool(attempt.get("locked")) or bool(flags and flags.get("locked")),
        book=_book(bulk.book[user]) if bulk.book is not None and user in bulk.book else _book_shown(seen),
        filling=_filling(bulk, marks[newest]),
    )


def _newest(user: int, bulk: Bulk, seen: Status | None) -> tuple[int, bool]:
    """Return the number of the newest attempt, and whether there is work in it; a team's submission decides."""
    attempt = (seen or {}).get("lastattempt", {})
    submission: Mapping[str, Any] = attempt.get("teamsubmission") or attempt.get("submission") or {}
    if seen is None and bulk.submissions is not None:
        submission = bulk.submissions.get(user) or {}
    row = (bulk.grades or {}).get(user)
    number_of = _number(submission) if submission or row is None else _number(row)
    return number_of, bool(submission) and submission.get("status", "submitted") in _HANDED_IN


def _earlier(each: Mapping[str, Any]) -> Mark:
    row = each.get("grade") or {}
    submission = each.get("submission") or {}
    comment = _editor(each.get("feedbackplugins", [])) if row else NO_COMMENT
    return Mark(
        number(row.get("grade")),
        comment,
        submission.get("status", "submitted") in _HANDED_IN,
        row.get("id"),
        _given_directly(row.get("gradefordisplay") or ""),
    )


def _given_directly(shown: str) -> bool:
    """Tell by how a grade is shown (``status.graded``) whether it was given in points and directly.

    With an active rubric or guide Moodle shows the gradebook's ``41.00 / 100.00`` instead, or a table
    (``get_assign_feedback_status_renderable`` of its public source).
    """
    return "&nbsp;/&nbsp;" in shown and "<" not in shown and ">" not in shown


def _grade(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> Decimal | Unknown | None:
    row = (bulk.grades or {}).get(user)
    submission = (bulk.submissions or {}).get(user)
    if seen is not None:
        return _grade_seen(seen, row)
    if bulk.is_blank(assignment, user):
        return None
    if bulk.grades is not None and (row is not None or not assignment.teamsubmission):
        if row is None or (submission is not None and _number(submission) != _number(row)):
            return None
        return number(row.get("grade"))
    return _grade_from_submission(assignment, submission, bulk)


def _grade_seen(seen: Status, row: GradeRow | None) -> Decimal | Unknown | None:
    """Take the grade of the latest attempt; a grade of an earlier one is none (``save.attempts_latest.0_before``)."""
    attempt = seen.get("lastattempt", {})
    submission = attempt.get("teamsubmission") or attempt.get("submission")
    for found in (seen.get("feedback", {}).get("grade"), row):
        if found is not None and (submission is None or _number(found) == _number(submission)):
            value = number(found.get("grade"))
            if (value is not None) == bool(attempt.get("graded", value is not None)):
                return value
    return None if attempt.get("graded") is False else UNKNOWN


def _grade_from_submission(
    assignment: Assignment, submission: SubmissionRow | None, bulk: Bulk
) -> Decimal | Unknown | None:
    """Read what the five published functions tell: that somebody is not graded, never what the grade is.

    With a workflow ``gradingstatus`` is the state.
    """
    if bulk.submissions is None:
        return UNKNOWN
    said = None if submission is None else submission.get("gradingstatus")
    if assignment.grade == 0:  # nothing to lose, but a grade from when there were grades
        return UNKNOWN if said == "graded" else None
    if said is None:
        teams = assignment.teamsubmission and bool(bulk.submissions)
        return UNKNOWN if teams else None
    return None if said == "notgraded" else UNKNOWN


def _workflow(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> str | Unknown:
    if bulk.flags is not None:
        flags = bulk.flags.get(user)
        return (flags and flags.get("workflowstate")) or ""
    if not assignment.markingworkflow:
        return ""
    submission = (bulk.submissions or {}).get(user)
    state = (
        seen.get("lastattempt", {}).get("gradingstatus")
        if seen is not None
        else submission.get("gradingstatus")
        if submission is not None
        else None
    )
    return UNKNOWN if state is None else state


def _comment(assignment: Assignment, user: int, bulk: Bulk, seen: Status | None) -> Comment | Unknown:
    if bulk.is_blank(assignment, user):
        return NO_COMMENT
    if bulk.grades is not None and user not in bulk.grades and not assignment.teamsubmission:
        return NO_COMMENT  # a comment hangs on a grade's row, an empty grade's too
    if seen is None:
        return UNKNOWN
    if assignment.markingworkflow and seen.get("lastattempt", {}).get("gradingstatus") != "released":
        return UNKNOWN  # ``save.workflow_empty_state.2_after``
    feedback = seen.get("feedback", {})
    return _editor(feedback.get("plugins", [])) if feedback.get("grade") else NO_COMMENT


def _editor(plugins: Sequence[Plugin]) -> Comment:
    for plugin in plugins:
        for editor in plugin.editorfields if plugin.type == "comments" else ():
            return Comment(editor.text, editor.format or None)  # 0 is told of every text as stored
    return NO_COMMENT


def _book_shown(seen: Status | None) -> BookGrade | Unknown:
    """Read the gradebook's grade from a user's status, which shows it in the site's language.

    It stands there before a workflow has released it, too, if it is in the gradebook (``workflow_on.1.before.status``).
    """
    if seen is None or "lastattempt" not in seen:
        return UNKNOWN
    shown = seen.get("feedback", {}).get("gradefordisplay")
    if not shown:
        return BookGrade(rounded=True)
    grade = decimal(shown.partition("&nbsp;")[0].strip().replace(",", "."))
    return UNKNOWN if grade is None else BookGrade(grade, rounded=True)  # unknown: a scale's item, a rubric's table


def _book(item: Item) -> BookGrade:
    return BookGrade(
        grade=decimal(item.get("graderaw")),
        text=item.get("feedback") or "",
        format=item.get("feedbackformat"),
        locked=bool(item.get("gradeislocked")),
        overridden=bool(item.get("gradeisoverridden")),
        hidden=bool(item.get("gradeishidden")),
        failed="text-danger" in (item.get("gradeformatted") or ""),
    )


def _filling(bulk: Bulk, mark: Mark) -> Filling | Unknown | None:
    """Read the filled form that hangs on the row of a grade; where that row was not seen, nor is the form."""
    if bulk.fillings is None or (mark.row is None and mark.grade is not None):
        return UNKNOWN
    return None if mark.row is None else bulk.fillings.get(mark.row)


def _number(row: Mapping[str, Any]) -> int:
    return int(row.get("attemptnumber") or 0)
