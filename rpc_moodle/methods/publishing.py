"""What publishing takes and what it reports, on the wire."""

import re
from collections.abc import Sequence
from decimal import Decimal
from math import isfinite
from typing import Annotated, Any, Literal, NotRequired, Self

from pydantic import BeforeValidator, Field, ValidationError, WrapValidator, model_validator
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from rpc_moodle.errors import translate
from rpc_moodle.methods.common import AssignmentRequest, MoodleId
from rpc_moodle.moodle.publishing import (
    Code,
    Criterion,
    Entry,
    Filling,
    Options,
    Outcome,
    Report,
    Result,
    Seen,
    TextFormat,
    invalid,
)
from utils.contract import Model
from utils.errors import PARTIAL_FAILURE, RpcError

_NAMED = 10
"""Users whom a message names."""

_TRANSIENT = frozenset({Code.OUTCOME_UNKNOWN, Code.NOT_STARTED, Code.CHANGED_MEANWHILE})


def _decimal(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value):
        return Decimal(repr(value))
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,12}(\.[0-9]{1,20})?\s*", value):
        return Decimal(value.strip())
    raise ValueError("must be a number, or a string of digits with a point")


def _grade(value: object) -> object:
    if isinstance(value, str) and value.strip():
        try:
            return _decimal(value)
        except ValueError:
            return value
    if value is None or isinstance(value, str):
        return None  # a form without an entry
    return _decimal(value)


Points = Annotated[Decimal, BeforeValidator(_decimal)]
"""A number of points: a JSON number, or digits with a point."""

AttemptNumber = Annotated[int, Field(ge=0, le=10_000)]
"""The number of an attempt as Moodle counts them: 0 is the first."""

GradeValue = Annotated[Decimal | str | None, BeforeValidator(_grade)]
"""Points, the name of a scale's item, or its number counted from 1; empty for none."""


class CriterionFilling(Model):
    """The filling of one criterion: the level of a rubric, or the score of a marking guide."""

    criterion_id: MoodleId
    level_id: MoodleId | None = None
    score: Points | None = None
    remark: str = ""


class AdvancedGrading(Model):
    """A filled rubric or marking guide, from which Moodle computes the grade."""

    method: Literal["rubric", "guide"]
    criteria: Annotated[tuple[CriterionFilling, ...], Field(min_length=1, max_length=200)]

    def filling(self) -> Filling:
        """Give it as the adapter takes it."""
        criteria = (Criterion(each.criterion_id, each.level_id, each.score, each.remark) for each in self.criteria)
        return Filling(self.method, tuple(criteria))


class GradeItem(Model):
    """One user's grade; the user is named by `extId`, or by `participant` where marking is blind."""

    ext_id: MoodleId | None = Field(default=None, description="The user's id in Moodle.")
    participant: MoodleId | None = Field(
        default=None, description="The number of `Participant N` in a blind-marked assignment, in place of `extId`."
    )
    text: str | None = Field(default=None, description="The comment, in place of the one that is there.")
    grade: GradeValue = Field(default=None, description="Points, or the name or number of the scale's item.")
    scale_item: MoodleId | None = Field(
        default=None, description="The number of the scale's item, counted from 1, and never its name."
    )
    attempt: AttemptNumber | None = Field(default=None, description="As the call's `attempt`, for this row alone.")
    advanced_grading: AdvancedGrading | None = Field(default=None, description="The filled rubric or marking guide.")

    @model_validator(mode="after")
    def _names_somebody(self) -> Self:
        if (self.ext_id is None) == (self.participant is None):
            raise ValueError("names nobody: extId is missing" if self.ext_id is None else "has extId and participant")
        return self

    def entry(self, text_format: TextFormat) -> Entry:
        """Return it as the adapter takes it."""
        return Entry(
            self.ext_id or 0,
            self.text,
            text_format,
            self.grade,
            self.advanced_grading.filling() if self.advanced_grading else None,
            self.scale_item,
            self.attempt,
            self.participant,
        )


class FeedbackItem(GradeItem):
    """One user's feedback; without a grade, the grade stays."""

    text: str = Field(description="The comment, in place of the one that is there.")


class BadRow(Model):
    """A row that cannot be read: it fails, the others are done."""

    given: str | int | None
    participant: int | None
    problem: str


def _row_of(model: type[GradeItem]) -> WrapValidator:
    """Return what reads a row, and keeps what is wrong with it in its place."""

    def read(value: Any, _: Any) -> Any:
        try:
            return model.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        problem = "is missing" if first["type"] == "missing" else first["msg"].removeprefix("Value error, ")
        path = ".".join(str(part) for part in first["loc"])
        row = value if isinstance(value, dict) else {}
        return BadRow(
            given=_shown(row.get("extId")),
            participant=_int(row.get("participant")),
            problem=f"{path} {problem}.".strip(),
        )

    return WrapValidator(read)


def _shown(value: object) -> str | int | None:
    """Return what a row gave as its user, so that its owner finds it; nothing long, nothing nested."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return value[:100] if isinstance(value, str) else None


def _int(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


FeedbackRow = Annotated[FeedbackItem | SkipJsonSchema[BadRow], _row_of(FeedbackItem)]
"""A row of texts, or what is wrong with it."""

GradeRow = Annotated[GradeItem | SkipJsonSchema[BadRow], _row_of(GradeItem)]
"""A row of grades, or what is wrong with it."""


def sorted_out(rows: Sequence[GradeItem | BadRow], text_format: TextFormat) -> tuple[list[Entry], list[Result]]:
    """Split rows into entries and failures."""
    entries = [row.entry(text_format) for row in rows if not isinstance(row, BadRow)]
    bad = [invalid(row.given, row.problem, participant=row.participant) for row in rows if isinstance(row, BadRow)]
    return entries, bad


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
            dry_run=self.dry_run,
        )


class SeenRow(TypedDict):
    """Grade, text and workflow state; null for none, and for what cannot be read."""

    grade: str | None
    text: str | None
    workflowState: str | None


class ResultRow(TypedDict):
    """What became of one user's feedback.

    ``extId`` is what the row named; ``participant`` the number that it gave in its place. ``status`` is ``published``,
    ``unchanged`` or ``failed``; ``code`` says why it failed, or what there is to know of one that was published;
    ``notices`` say what else is true of the student. ``writer`` is the function of Moodle's that wrote, ``attempt`` the
    attempt that was written to, counted from 0. ``via`` is the named user whose feedback reached this member of the
    team. With ``dryRun``, ``before`` and ``after`` show what would change.
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
        row["before"] = _seen(result.change.before)
        row["after"] = _seen(result.change.after)
    if result.via is not None:
        row["via"] = result.via
    return row


def _seen(seen: Seen) -> SeenRow:
    return {"grade": seen.grade, "text": seen.text, "workflowState": seen.workflow}


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
