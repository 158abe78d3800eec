"""What a publication says about each user: never more than what was seen."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from rpc_moodle.moodle.errors import MoodleError

E = TypeVar("E", bound=Exception)


class Outcome(StrEnum):
    """What became of one user's feedback."""

    PUBLISHED = "published"
    UNCHANGED = "unchanged"
    FAILED = "failed"


class Code(StrEnum):
    """Why an entry failed, or what there is to know about one that was published."""

    NONE = ""
    INVALID_ENTRY = "invalid_entry"
    AMBIGUOUS = "ambiguous"
    NOT_A_PARTICIPANT = "not_a_participant"
    GRADE_UNKNOWN = "grade_unknown"
    GRADE_OUT_OF_RANGE = "grade_out_of_range"
    COMMENTS_DISABLED = "comments_disabled"
    FILES_DISABLED = "files_disabled"
    FILES_UNKNOWN = "files_unknown"
    FILE_TOO_LARGE = "file_too_large"
    FILE_REFUSED = "file_refused"
    MAY_NOT_UPLOAD = "may_not_upload"
    COMMENT_UNKNOWN = "comment_unknown"
    WORKFLOW_UNKNOWN = "workflow_unknown"
    TEAM_UNKNOWN = "team_unknown"
    ADVANCED_GRADING = "advanced_grading"
    ATTEMPT_UNKNOWN = "attempt_unknown"
    LOCKED = "locked"
    GRADEBOOK_CLOSED = "gradebook_closed"
    WOULD_REOPEN = "would_reopen"
    WOULD_CLEAR_GRADE = "would_clear_grade"
    WOULD_RELEASE_GRADE = "would_release_grade"
    WOULD_TAKE_BACK = "would_take_back"
    WOULD_NOTIFY = "would_notify"
    MAY_NOT_RELEASE = "may_not_release"
    NOT_STORED = "not_stored"
    CHANGED_MEANWHILE = "changed_meanwhile"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_STARTED = "timeout"
    CALL_FAILED = "call_failed"
    NOT_VERIFIED = "not_verified"
    STORED_DIFFERENTLY = "stored_differently"
    DRY_RUN = "dry_run"


class Notice(StrEnum):
    """What else is true of a student."""

    REOPENED = "reopened"
    OVERRIDDEN = "overridden"
    LOCKED_IN_GRADEBOOK = "locked_in_gradebook"
    HIDDEN = "hidden"
    NOTIFIED = "notified"
    SENT_AS_PLAIN = "sent_as_plain"
    OLDER_ATTEMPT = "older_attempt"
    COMMENT_CLEANED = "comment_cleaned"


class WriterName(StrEnum):
    """Which function of Moodle's wrote."""

    FORM = "mod_assign_submit_grading_form"
    MANY = "mod_assign_save_grades"
    ONE = "mod_assign_save_grade"


class FileState(StrEnum):
    """What became of one file."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    NOT_VERIFIED = "not_verified"
    NOT_STORED = "not_stored"
    PLANNED = "dry_run"


@dataclass(frozen=True, slots=True)
class FileResult:
    """A file of a row: the name that was given, the one it has in Moodle, bytes, SHA-1 in hex, and what became of it.

    ``stored`` and ``unchanged`` are said of content that was read back, or whose SHA-1 the site has confirmed.
    """

    given: str
    name: str
    size: int
    sha1: str
    state: FileState


@dataclass(frozen=True, slots=True)
class Seen:
    """Grade, text and workflow state at a moment; None for none, and for what cannot be read.

    ``files`` are the paths of the feedback files, None where nobody asked for them.
    """

    grade: str | None = None
    text: str | None = None
    workflow: str | None = None
    files: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What a write changes, or would: the attempt, counted from 0, and what is there before and after."""

    attempt: int
    before: Seen
    after: Seen


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for one user.

    ``via`` is the named user whose entry reached this member of the team; ``error`` is what Moodle or
    the network said where ``code`` is ``call_failed``. ``participant`` is the number that the caller gave in
    place of a user, ``given`` what it gave as a user and is none. ``files`` are those of the entry.
    """

    user_id: int
    outcome: Outcome
    code: Code = Code.NONE
    message: str = ""
    via: int | None = None
    error: MoodleError | None = None
    notices: tuple[Notice, ...] = ()
    writer: WriterName | None = None
    change: Change | None = None
    participant: int | None = None
    given: str | int | None = None
    files: tuple[FileResult, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome for every user, in the order of the entries, members of a team after the one named."""

    results: Sequence[Result]
    pending: int = 0

    def count(self, outcome: Outcome) -> int:
        """Count the users with an outcome."""
        return sum(result.outcome is outcome for result in self.results)

    @property
    def published(self) -> int:
        """How many were published."""
        return self.count(Outcome.PUBLISHED)

    @property
    def unchanged(self) -> int:
        """How many had the same already: nothing was sent."""
        return self.count(Outcome.UNCHANGED)

    @property
    def failed(self) -> int:
        """How many failed."""
        return self.count(Outcome.FAILED)


def bare(error: E) -> E:
    """Copy an error without its traceback, whose frames hold the request: texts and the token."""
    copied = type(error).__new__(type(error), *error.args)
    copied.__dict__.update(error.__dict__)
    return copied


def invalid(given: str | int | None, problem: str, *, participant: int | None = None) -> Result:
    """Report a row that cannot be published as it is; ``given`` is what it named as its user."""
    return Result(0, Outcome.FAILED, Code.INVALID_ENTRY, problem, given=given, participant=participant)


def call_failed(user: int, error: MoodleError) -> Result:
    """Report that a request failed and, as far as could be seen, stored nothing."""
    return Result(user, Outcome.FAILED, Code.CALL_FAILED, str(error), error=bare(error))


def outcome_unknown(user: int) -> Result:
    """Report a write of which nobody can say what became of it."""
    text = (
        "It was sent, and whether Moodle stores it is not known: the site may still be at work on it. It is not sent "
        "again on its own; call again after some minutes, only what is missing is sent."
    )
    return Result(user, Outcome.FAILED, Code.OUTCOME_UNKNOWN, text)


def not_started(user: int) -> Result:
    """Report that the time of the call was over before anything was sent."""
    text = "Nothing was sent, the time of the call ran out; call again, only what is missing is sent."
    return Result(user, Outcome.FAILED, Code.NOT_STARTED, text)
