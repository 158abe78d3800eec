"""What to write for an entry so that nothing but what it says changes; decided without I/O."""

from dataclasses import dataclass, replace
from decimal import Decimal

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.attempts import attempt_of
from rpc_moodle.moodle.publishing.comments import Comment, below, same, same_text, storable
from rpc_moodle.moodle.publishing.entries import Entry, Filling, Options, fit_format, is_empty
from rpc_moodle.moodle.publishing.grading import OutOfRange, Scheme, TwoReadings, fills_alike
from rpc_moodle.moodle.publishing.harm import Step, harm, reopens
from rpc_moodle.moodle.publishing.report import Code, Notice, Outcome, Result
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Stored, Unknown
from rpc_moodle.moodle.publishing.write import Write

_ENABLE = "enable {} in the web service of the API key"
_FORM = "mod_assign_submit_grading_form"
_GRADE_UNKNOWN = (
    "The user may be graded and this API key cannot read the grade, which writing would lose: "
    + _ENABLE.format(f"mod_assign_get_submission_status, or core_grading_get_definitions and {_FORM}")
    + ", or pass the grade."
)
_METHOD_UNKNOWN = (
    "The user is graded, perhaps by a rubric or a marking guide, whose grade writing would lose; this API key cannot "
    "read it: " + _ENABLE.format("core_grading_get_definitions") + "."
)
_WORKFLOW_UNKNOWN = (
    "The state of the marking workflow cannot be read, and writing would lose it: "
    + _ENABLE.format(f"mod_assign_get_user_flags or {_FORM}")
    + ", or pass the state."
)
_COMMENT_UNKNOWN = (
    "There may be a comment that cannot be read, and writing a grade alone would lose it: pass a text too, or "
    + _ENABLE.format(_FORM)
    + "."
)
_COPIED = (
    "Where there is no comment yet, Moodle would make the student's own text one (Comment inline is switched on), and "
    "whether there is one cannot be read: pass a text too, or " + _ENABLE.format("mod_assign_get_submission_status.")
)
_APPENDED = (
    "There may be a comment that cannot be read, and a text could not go below it: "
    + _ENABLE.format("mod_assign_get_submission_status")
    + ", or replace the comment."
)
_LOUD = "Only Moodle's own grading form can write without notifying the student: " + _ENABLE.format(_FORM) + "."


@dataclass(frozen=True, slots=True)
class Plan:
    """Decides entry by entry for one assignment; ``may_release`` is False where the account may not release."""

    assignment: Assignment
    scheme: Scheme
    options: Options
    may_release: bool = True

    def refusal(self, entry: Entry) -> Result | None:
        """Refuse what cannot work whatever is stored."""
        if entry.text is not None and not self._comments:
            return _failed(entry, Code.COMMENTS_DISABLED, "Feedback comments are switched off in the assignment.")
        state = self.options.workflow_state
        if state is not None and not self.assignment.markingworkflow:
            return _failed(entry, Code.WORKFLOW_UNKNOWN, "The assignment has no marking workflow; pass no state.")
        if state == "released" and not self.may_release:
            text = "Releasing grades needs the capability mod/assign:releasegrades, which the key's account has not."
            return _failed(entry, Code.MAY_NOT_RELEASE, text)
        if self.scheme.method and self.scheme.is_graded:
            return self._form_refusal(entry, self.scheme.method)
        if entry.filling is not None:
            text = (
                f"The assignment is not graded with a {entry.filling.method}, or this API key cannot read that it is."
            )
            return _failed(entry, Code.ADVANCED_GRADING, text)
        return None

    def _form_refusal(self, entry: Entry, method: str) -> Result | None:
        if entry.filling is None and entry.names_grade:
            text = f"The assignment is graded with a {method}: pass advancedGrading, Moodle computes the grade from it."
            return _failed(entry, Code.ADVANCED_GRADING, text)
        if self.scheme.form is None:
            text = (
                f"The assignment is graded with a {method} that cannot be read, and an unfit filling would spoil the "
            )
            text += "grade: " + _ENABLE.format("core_grading_get_definitions") + "."
            return _failed(entry, Code.ADVANCED_GRADING, text)
        if entry.filling is None:
            return None
        if entry.filling.method != method:
            text = f"The assignment is graded with a {method}, not with a {entry.filling.method}."
            return _failed(entry, Code.ADVANCED_GRADING, text)
        faults = self.scheme.form.faults(entry.filling)
        if faults:
            return _failed(entry, Code.ADVANCED_GRADING, f"The filling does not fit: {faults}.")
        return None

    def decide(self, entry: Entry, before: Stored) -> Result | Write:  # noqa: PLR0911 - a table of cases
        """Decide on an entry that is not refused: a failure, nothing to do, or a write that keeps all else as it is."""
        if before.locked and not self.options.include_locked:
            text = "The submission is locked in Moodle; unlock it, or include locked ones."
            return _failed(entry, Code.LOCKED, text)
        attempt = self.attempt(entry, before)
        if isinstance(attempt, Result):
            return attempt
        grade = self._grade(entry, before, attempt)
        if isinstance(grade, Result):
            return grade
        filling = self._filling(entry, before, attempt)
        if isinstance(filling, Result):
            return filling
        comment = self._comment(entry, before, attempt)
        if isinstance(comment, Result):
            return comment
        state = self.options.workflow_state
        workflow = before.workflow if state is None else state
        write = Write(entry, before, attempt, grade, workflow, comment, filling, state is not None)
        write = self._described(write)
        if self._is_there(write):
            return Result(entry.user_id, Outcome.UNCHANGED, notices=standing(before))
        found = harm(self.assignment, self.scheme.pass_grade, self.options, before, _step(write))
        if found is not None:
            return _failed(entry, found.code, found.text)
        return self._unread(write) or replace(write, form_only=self._form_only(write), blank=self._copies(write))

    @property
    def _comments(self) -> bool:
        return self.assignment.has("assignfeedback", "comments")

    def attempt(self, entry: Entry, before: Stored) -> int | Result:
        """Choose the attempt to write to, or refuse one that is not there."""
        named = entry.attempt if entry.attempt is not None else self.options.attempt
        if named is None:
            return attempt_of(self.assignment, entry, before)
        if 0 <= named <= before.newest:
            return named
        text = f"There is no attempt {named}; attempts are counted from 0, and the newest is {before.newest}."
        return _failed(entry, Code.ATTEMPT_UNKNOWN, text)

    def _grade(self, entry: Entry, before: Stored, attempt: int) -> Decimal | Unknown | Result | None:
        if entry.filling is not None:
            return None
        try:
            if entry.scale_item is not None:
                return self.scheme.item(entry.scale_item)
            if entry.grade is not None:
                return self.scheme.resolve(entry.grade, self.options.max_grade)
        except OutOfRange as problem:
            return _failed(entry, Code.GRADE_OUT_OF_RANGE, str(problem))
        except TwoReadings as problem:
            return _failed(entry, Code.AMBIGUOUS, str(problem))
        grade = before.mark(attempt).grade
        return None if isinstance(grade, Unknown) and self.options.overwrite_grades else grade

    def _filling(self, entry: Entry, before: Stored, attempt: int) -> Filling | Result | None:
        """Return the filled form that has to go along; beside a text it is the stored one.

        Moodle stores an empty form beside a text that comes without one, for a student whom nobody graded, too
        (``rubric.4``, ``form.rubric_text_only``).
        """
        if not self.scheme.method or not self.scheme.is_graded:
            return None
        if entry.filling is not None or _is_closed(before):
            return entry.filling
        stored = before.filling if attempt == before.newest else UNKNOWN
        if isinstance(stored, Unknown):
            text = f"A text alone would spoil the filled {self.scheme.method}, which cannot be read: "
            text += _ENABLE.format("core_grading_get_gradingform_instances and mod_assign_get_grades")
            return _failed(entry, Code.ADVANCED_GRADING, text + ", or pass advancedGrading.")
        if stored is None:
            text = f"Nobody has filled the {self.scheme.method} for the user, and beside a text alone Moodle stores an "
            return _failed(entry, Code.ADVANCED_GRADING, text + "empty one: pass advancedGrading.")
        form = self.scheme.form if stored.criteria else None
        faults = form.faults(stored) if form else ""
        if faults:
            text = f"The stored filling no longer fits the {self.scheme.method}, and sending it back would change the "
            return _failed(entry, Code.ADVANCED_GRADING, f"{text}grade: {faults}. Pass advancedGrading.")
        return stored

    def _comment(self, entry: Entry, before: Stored, attempt: int) -> Comment | Result | None:
        """Return the comment that is to be there; one whose format alone is another gets a space at its end.

        Moodle compares the text only, and would keep text and format.
        """
        if entry.text is None:
            return None
        text = "" if is_empty(entry.text) else storable(entry.text)
        comment = Comment(text, fit_format(text, entry.format))
        there = before.mark(attempt).comment
        if isinstance(there, Unknown):
            return _failed(entry, Code.COMMENT_UNKNOWN, _APPENDED) if self.options.append else comment
        if self.options.append:
            return there if _ends_with(there, comment) else below(there, comment, self._shown(before, attempt))
        if comment.text.strip() and same_text(comment, there, self._shown(before, attempt)):
            return Comment(f"{comment.text} ", comment.format)
        return comment

    def _shown(self, before: Stored, attempt: int) -> Comment | None:
        """Return what the student sees of the comment in the gradebook, None where that may be another one."""
        book = before.book
        if isinstance(book, Unknown) or book.rounded or book.is_closed or self.assignment.anonymous or not book.text:
            return None
        if attempt != before.newest or (self.assignment.markingworkflow and before.workflow != "released"):
            return None
        return book.comment

    def _described(self, write: Write) -> Write:
        """Add who is notified, and what else there is to say."""
        state, workflow = write.workflow, self.assignment.markingworkflow
        asked = self.options.notify
        notify = self.assignment.sendstudentnotifications if asked is None else asked
        if workflow and state != "released":
            notify = False  # Moodle tells nobody before the release
        notices = [*standing(write.before)]
        if write.is_newest and reopens(self.assignment, self.scheme.pass_grade, write.before, _step(write)):
            notices.append(Notice.REOPENED)
        if write.comment is not None and write.comment.format != write.entry.format and not self.options.append:
            notices.append(Notice.SENT_AS_PLAIN)
        if write.entry.names_grade and not write.is_newest:
            notices.append(Notice.OLDER_ATTEMPT)
        return replace(write, notify=notify, notices=tuple(notices), may_clear=self.options.overwrite_grades)

    def _unread(self, write: Write) -> Result | None:
        """Refuse what no writer keeps unseen: a comment that may not be there, a grade from a rubric or guide.

        A form without the filling loses it as well (``form.rubric_text_only``).
        """
        unseen = isinstance(write.before.mark(write.attempt).comment, Unknown)
        if unseen and write.comment is None and self._comments and self.assignment.copies_work:
            return _failed(write.entry, Code.COMMENT_UNKNOWN, _COPIED)
        known = self.scheme.method is not None or write.before.mark(write.attempt).direct
        if known or write.entry.names_grade or write.grade is None or self.options.overwrite_grades:
            return None
        text = _GRADE_UNKNOWN if isinstance(write.grade, Unknown) else _METHOD_UNKNOWN
        return _failed(write.entry, Code.GRADE_UNKNOWN, text)

    def _form_only(self, write: Write) -> Result | None:
        """Return why nothing but Moodle's own form can do it, None where any writer can."""
        entry, mark = write.entry, write.before.mark(write.attempt)
        if isinstance(write.grade, Unknown):
            return _failed(entry, Code.GRADE_UNKNOWN, _GRADE_UNKNOWN)
        if isinstance(write.workflow, Unknown):
            return _failed(entry, Code.WORKFLOW_UNKNOWN, _WORKFLOW_UNKNOWN)
        unseen = isinstance(mark.comment, Unknown) or mark.comment.shown
        if write.comment is None and self._comments and unseen:
            return _failed(entry, Code.COMMENT_UNKNOWN, _COMMENT_UNKNOWN)
        if self.options.notify is False and not (self.assignment.markingworkflow and write.workflow != "released"):
            return _failed(entry, Code.WOULD_NOTIFY, _LOUD)
        return None

    def _copies(self, write: Write) -> bool:
        """Whether Moodle's form would make the student's own online text the comment, where there is none yet."""
        there = write.before.mark(write.attempt).comment
        empty = not isinstance(there, Unknown) and not there.text
        return self._comments and self.assignment.copies_work and write.comment is None and empty

    def _is_there(self, write: Write) -> bool:
        there = write.before.mark(write.attempt)
        if write.entry.draft is not None:
            return False
        if write.comment is not None and (isinstance(there.comment, Unknown) or not same(write.comment, there.comment)):
            return False
        if write.entry.filling is not None:
            known = write.before.filling
            same_form = isinstance(known, Filling) and fills_alike(known, write.entry.filling) and write.is_newest
            return same_form and isinstance(there.grade, Decimal) and self._keeps_state(write)
        return (write.grade == there.grade or not write.entry.names_grade) and self._keeps_state(write)

    @staticmethod
    def _keeps_state(write: Write) -> bool:
        return not write.names_state or write.workflow == write.before.workflow


def _step(write: Write) -> Step:
    return Step(write.is_newest, write.grade, write.workflow, write.entry.names_grade, write.names_state)


def _is_closed(before: Stored) -> bool:
    return isinstance(before.book, BookGrade) and before.book.is_closed


def standing(before: Stored) -> tuple[Notice, ...]:
    """Return what the gradebook says of the student."""
    book = before.book
    if isinstance(book, Unknown):
        return ()
    found = {
        Notice.OVERRIDDEN: book.overridden,
        Notice.LOCKED_IN_GRADEBOOK: book.locked,
        Notice.HIDDEN: book.hidden,
    }
    return tuple(notice for notice, true in found.items() if true)


def _ends_with(there: Comment, added: Comment) -> bool:
    return not there.shown and there.text.rstrip().endswith(added.text.strip())


def _failed(entry: Entry, code: Code, message: str) -> Result:
    return Result(entry.user_id, Outcome.FAILED, code, message, participant=entry.participant)
