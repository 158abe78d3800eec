"""What to write for an entry so that nothing but what it says changes; decided without I/O."""

from dataclasses import dataclass
from decimal import Decimal

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.comments import Comment, same
from rpc_moodle.moodle.publishing.entries import Entry, Filling, Options
from rpc_moodle.moodle.publishing.grading import OutOfRange, Scheme
from rpc_moodle.moodle.publishing.report import Code, Outcome, Result
from rpc_moodle.moodle.publishing.state import UNKNOWN, Stored, Unknown

_ENABLE = "enable {} in the web service of the API key"
_GRADE_UNKNOWN = (
    "The user may be graded and this API key cannot read the grade, which writing would lose: "
    + _ENABLE.format("mod_assign_get_submission_status or mod_assign_get_grades")
    + ", or pass the grade."
)
_METHOD_UNKNOWN = (
    "The user is graded, perhaps by a rubric or a marking guide, whose grade writing would lose; this API key cannot "
    "read it: " + _ENABLE.format("core_grading_get_definitions") + "."
)


@dataclass(frozen=True, slots=True)
class Write:
    """What ``mod_assign_save_grade`` is sent for one user, and what the entry meant by it.

    ``grade`` None is no grade, sent as -1. ``comment`` None sends none, where comments are off.
    ``before`` is what was stored.
    """

    entry: Entry
    before: Stored
    grade: Decimal | None
    workflow: str
    comment: Comment | None

    @property
    def user_id(self) -> int:
        """Whose feedback it is."""
        return self.entry.user_id

    @property
    def changes_comment(self) -> bool:
        """Whether the comment that is known to be there is another one."""
        before = self.before.comment
        return self.comment is not None and not isinstance(before, Unknown) and not same(self.comment, before)

    @property
    def changes_grade(self) -> bool:
        """Whether the entry says what the grade is to be."""
        return self.entry.grade is not None or self.entry.filling is not None

    @property
    def filling(self) -> Filling | None:
        """The filled rubric or guide, from which Moodle computes the grade."""
        return self.entry.filling


@dataclass(frozen=True, slots=True)
class Plan:
    """Decides entry by entry for one assignment."""

    assignment: Assignment
    scheme: Scheme
    options: Options

    def refusal(self, entry: Entry) -> Result | None:
        """Refuse what cannot work whatever is stored."""
        if entry.text is not None and not self._comments:
            return _failed(entry, Code.COMMENTS_DISABLED, "Feedback comments are switched off in the assignment.")
        if self.options.workflow_state is not None and not self.assignment.markingworkflow:
            return _failed(entry, Code.WORKFLOW_UNKNOWN, "The assignment has no marking workflow; pass no state.")
        if entry.filling is None and self.scheme.method and self.scheme.is_graded:
            text = (
                f"The assignment is graded with a {self.scheme.method}: pass its filling, without it the grade is lost."
            )
            return _failed(entry, Code.ADVANCED_GRADING, text)
        if entry.filling is not None and (entry.filling.method != self.scheme.method or not self.scheme.is_graded):
            text = (
                f"The assignment is not graded with a {entry.filling.method}, or this API key cannot read that it is."
            )
            return _failed(entry, Code.ADVANCED_GRADING, text)
        return None

    def decide(self, entry: Entry, before: Stored) -> Result | Write:
        """Decide on an entry that is not refused: a failure, nothing to do, or a write that keeps all else as it is."""
        if before.locked and not self.options.include_locked:
            text = "The submission is locked in Moodle; unlock it, or include locked ones."
            return _failed(entry, Code.LOCKED, text)
        grade = self._grade(entry, before)
        if isinstance(grade, Result):
            return grade
        workflow = self.options.workflow_state if self.options.workflow_state is not None else before.workflow
        if isinstance(workflow, Unknown):
            text = "The state of the marking workflow cannot be read, and writing would lose it: "
            text += _ENABLE.format("mod_assign_get_user_flags") + ", or pass the state."
            return _failed(entry, Code.WORKFLOW_UNKNOWN, text)
        comment = self._comment(entry, before)
        if isinstance(comment, Unknown):
            text = (
                "There may be a comment that cannot be read, and writing a grade alone would lose it: pass a text too."
            )
            return _failed(entry, Code.COMMENT_UNKNOWN, text)
        write = Write(entry, before, grade, workflow, comment)
        if self._is_there(write):
            return Result(entry.user_id, Outcome.UNCHANGED)
        return write

    @property
    def _comments(self) -> bool:
        return self.assignment.has("assignfeedback", "comments")

    def _grade(self, entry: Entry, before: Stored) -> Decimal | Result | None:
        if entry.filling is not None:
            return None
        if entry.grade is not None:
            try:
                return self.scheme.resolve(entry.grade, self.options.max_grade)
            except OutOfRange as problem:
                return _failed(entry, Code.GRADE_OUT_OF_RANGE, str(problem))
        if isinstance(before.grade, Unknown):
            return None if self.options.overwrite_grades else _failed(entry, Code.GRADE_UNKNOWN, _GRADE_UNKNOWN)
        certain = before.grade is None or self.scheme.method == "" or before.direct
        if not certain and not self.options.overwrite_grades:
            return _failed(entry, Code.GRADE_UNKNOWN, _METHOD_UNKNOWN)
        return before.grade

    def _comment(self, entry: Entry, before: Stored) -> Comment | Unknown | None:
        """Take the given text, else what is stored: Moodle empties a comment that is not sent (public source)."""
        if not self._comments:
            return None
        if entry.text is not None:
            return Comment(entry.text, entry.format)
        return before.comment

    @staticmethod
    def _is_there(write: Write) -> bool:
        before = write.before
        there = before.comment is not UNKNOWN and (write.comment is None or same(write.comment, before.comment))
        return there and write.filling is None and write.grade == before.grade and write.workflow == before.workflow


def _failed(entry: Entry, code: Code, message: str) -> Result:
    return Result(entry.user_id, Outcome.FAILED, code, message)
