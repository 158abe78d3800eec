"""What publishing takes and what it reports, on the wire."""

from decimal import Decimal
from typing import Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from rpc_moodle.errors import translate
from rpc_moodle.methods.common import AssignmentRequest
from rpc_moodle.methods.rows import AttemptNumber
from rpc_moodle.moodle.publishing import Code, FileResult, Options, Outcome, Report, Result, Seen, TextFormat
from utils.errors import PARTIAL_FAILURE, RpcError

_NAMED = 10
"""Users whom a message names."""

_TRANSIENT = frozenset({Code.OUTCOME_UNKNOWN, Code.NOT_STARTED, Code.CHANGED_MEANWHILE})


class PublishingRequest(AssignmentRequest):
    """How to publish."""

    format: Literal["moodle", "html", "plain", "markdown"] = Field(
        default="moodle", description="What the texts are: `moodle` keeps line breaks and lets HTML through."
    )
    clear: bool = Field(default=False, description="An empty text is meant, and removes the comment.")
    overwrite_grades: bool = Field(
        default=False, description="A grade that this API key cannot read may be lost; by default the user is refused."
    )
    apply_to_team: bool = Field(default=False, description="Give each named user's team the same, all members.")
    workflow_state: str | None = Field(
        default=None, description="Set this state of the marking workflow; by default it stays."
    )
    allow_take_back: bool = Field(
        default=False, description="A `workflowState` may take back a grade that students see already."
    )
    allow_reopen: bool = Field(
        default=False, description="A text may make Moodle add an attempt, where the assignment reopens attempts."
    )
    attempt: AttemptNumber | None = Field(
        default=None,
        description="The attempt to write to, counted from 0 as in `attemptnumber`; by default the one handed in.",
    )
    notify: bool | None = Field(
        default=None,
        description="`false` tells no student, which needs Moodle's own grading form; by default as in the assignment.",
    )
    mode: Literal["replace", "append"] = Field(
        default="replace", description="`append` puts the text below the comment that is there."
    )
    on_duplicate: Literal["last", "max", "sum", "mean"] | None = Field(
        default=None, description="Which of several different rows of one user counts; by default they fail."
    )
    replace_files: bool = Field(
        default=False,
        description="The files of a row take the place of all feedback files of the user; by default those stay.",
    )
    include_locked: bool = Field(default=False, description="Publish also where the submission is locked.")
    dry_run: bool = Field(default=False, description="Report what would happen and write nothing.")

    @property
    def text_format(self) -> TextFormat:
        """What the texts are, as Moodle numbers it."""
        return TextFormat[self.format.upper()]

    def how(self, max_grade: Decimal | None = None) -> Options:
        """Give the options as the adapter takes them."""
        return Options(
            overwrite_grades=self.overwrite_grades,
            apply_to_team=self.apply_to_team,
            workflow_state=self.workflow_state,
            allow_take_back=self.allow_take_back,
            allow_reopen=self.allow_reopen,
            attempt=self.attempt,
            notify=self.notify,
            append=self.mode == "append",
            on_duplicate=self.on_duplicate,
            clear=self.clear,
            include_locked=self.include_locked,
            max_grade=max_grade,
            replace_files=self.replace_files,
            dry_run=self.dry_run,
        )


class SeenRow(TypedDict):
    """Grade, text and workflow state; null for none, and for what cannot be read.

    ``files`` are the paths of the feedback files, where the row has some.
    """

    grade: str | None
    text: str | None
    workflowState: str | None
    files: NotRequired[list[str] | None]


class FileRow(TypedDict):
    """What became of one file of a row.

    ``filename`` is the name that was given, ``name`` the one that it has in Moodle, ``size`` in bytes, ``sha1`` in hex.
    ``status`` is ``stored`` or ``unchanged``, proven by the SHA-1; ``not_verified``, ``not_stored`` or ``dry_run``.
    """

    filename: str
    name: str
    size: int
    sha1: str
    status: str


class ResultRow(TypedDict):
    """What became of one user's feedback.

    ``extId`` is what the row named; ``participant`` the number that it gave in its place. ``status`` is ``published``,
    ``unchanged`` or ``failed``; ``code`` says why it failed, or what there is to know of one that was published;
    ``notices`` say what else is true of the student. ``writer`` is the function of Moodle's that wrote, ``attempt`` the
    attempt that was written to, counted from 0. ``via`` is the named user whose feedback reached this member of the
    team. With ``dryRun``, ``before`` and ``after`` show what would change. ``files`` tell of each file of the row.
    """

    extId: int | str | None
    status: str
    code: str
    message: str
    retryable: bool
    notices: list[str]
    participant: NotRequired[int]
    writer: NotRequired[str]
    attempt: NotRequired[int]
    before: NotRequired[SeenRow]
    after: NotRequired[SeenRow]
    via: NotRequired[int]
    files: NotRequired[list[FileRow]]


class PublicationReport(TypedDict):
    """How many users were published to, had the same already, and failed; and each one's outcome."""

    published: int
    unchanged: int
    failed: int
    results: list[ResultRow]


class PublicationState(PublicationReport):
    """A report so far: ``pending`` users are not done, and will not be unless ``running``."""

    pending: int
    running: bool


def report(found: Report) -> PublicationReport:
    """Write a report for the wire."""
    return {
        "published": found.published,
        "unchanged": found.unchanged,
        "failed": found.failed,
        "results": [_row(result) for result in found.results],
    }


def _row(result: Result) -> ResultRow:
    error = None if result.error is None else translate(result.error)
    by_number = result.participant is not None
    named: int | str | None = result.given if by_number else result.user_id or result.given
    row: ResultRow = {
        "extId": named,
        "status": result.outcome.value,
        "code": result.code.value if error is None else error.code.name,
        "message": result.message if error is None else error.message,
        "retryable": result.code in _TRANSIENT if error is None else error.retryable,
        "notices": [notice.value for notice in result.notices],
    }
    if result.participant is not None:
        row["participant"] = result.participant
    if result.writer is not None:
        row["writer"] = result.writer.value
    if result.change is not None:
        row["attempt"] = result.change.attempt
    if result.change is not None and result.code is Code.DRY_RUN:
        row["before"] = _seen(result.change.before, files=bool(result.files))
        row["after"] = _seen(result.change.after, files=bool(result.files))
    if result.files:
        row["files"] = [_file(each) for each in result.files]
    if result.via is not None:
        row["via"] = result.via
    return row


def _seen(seen: Seen, *, files: bool) -> SeenRow:
    shown: SeenRow = {"grade": seen.grade, "text": seen.text, "workflowState": seen.workflow}
    if files:
        shown["files"] = None if seen.files is None else list(seen.files)
    return shown


def _file(each: FileResult) -> FileRow:
    return {
        "filename": each.given,
        "name": each.name,
        "size": each.size,
        "sha1": each.sha1,
        "status": each.state.value,
    }


def reported(found: Report) -> PublicationReport:
    """Give the report of a call that is over.

    Raises RpcError: `partial_failure` with the report as data where a user failed; where all did, for one and the
    same error of the site's, that error.
    """
    written = report(found)
    if not written["failed"]:
        return written
    common = _common_error(found)
    if common is not None:
        raise RpcError(common.code, common.message, details=common.details, data=written, retryable=common.retryable)
    failed = [row for row in written["results"] if row["status"] == Outcome.FAILED]
    named = ", ".join(f"{_who(row)} ({row['code']})" for row in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    raise RpcError(
        PARTIAL_FAILURE,
        f"{len(failed)} of {len(written['results'])} users failed: {named}{more}. {failed[0]['message']}",
        data=written,
        retryable=any(row["retryable"] for row in failed),
    )


def _who(row: ResultRow) -> str:
    return f"participant {row['participant']}" if "participant" in row else str(row["extId"])


def _common_error(found: Report) -> RpcError | None:
    """Give the error that every single user failed with, if it was one of the site's."""
    errors = [None if result.error is None else translate(result.error) for result in found.results]
    first = errors[0]
    if first is None or any(each is None or each.message != first.message for each in errors):
        return None
    return first
