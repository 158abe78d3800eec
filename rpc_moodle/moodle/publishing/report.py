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
    NOT_A_PARTICIPANT = "not_a_participant"
    GRADE_UNKNOWN = "grade_unknown"
    GRADE_OUT_OF_RANGE = "grade_out_of_range"
    COMMENTS_DISABLED = "comments_disabled"
    COMMENT_UNKNOWN = "comment_unknown"
    WORKFLOW_UNKNOWN = "workflow_unknown"
    TEAM_UNKNOWN = "team_unknown"
    ADVANCED_GRADING = "advanced_grading"
    LOCKED = "locked"
    NOT_STORED = "not_stored"
    CHANGED_MEANWHILE = "changed_meanwhile"
    OUTCOME_UNKNOWN = "outcome_unknown"
    NOT_STARTED = "timeout"
    CALL_FAILED = "call_failed"
    NOT_VERIFIED = "not_verified"
    STORED_DIFFERENTLY = "stored_differently"
    DRY_RUN = "dry_run"


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome for one user.

    ``via`` is the named user whose entry reached this member of the team; ``error`` is what Moodle or
    the network said where ``code`` is ``call_failed``.
    """

    user_id: int
    outcome: Outcome
    code: Code = Code.NONE
    message: str = ""
    via: int | None = None
    error: MoodleError | None = None


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


def call_failed(user: int, error: MoodleError) -> Result:
    """Report that a request failed and, as far as could be seen, stored nothing."""
    return Result(user, Outcome.FAILED, Code.CALL_FAILED, str(error), error=bare(error))


def outcome_unknown(user: int) -> Result:
    """Report a write of which nobody can say what became of it."""
    text = "It was sent, and whether Moodle stored it could not be read; call again, only what is missing is sent."
    return Result(user, Outcome.FAILED, Code.OUTCOME_UNKNOWN, text)


def not_started(user: int) -> Result:
    """Report that the time of the call was over before anything was sent."""
    text = "Nothing was sent, the time of the call ran out; call again, only what is missing is sent."
    return Result(user, Outcome.FAILED, Code.NOT_STARTED, text)
