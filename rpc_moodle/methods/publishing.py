"""What publishing takes and what it reports, on the wire."""

import re
from decimal import Decimal
from math import isfinite
from typing import Annotated, Literal, NotRequired

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from rpc_moodle.errors import translate
from rpc_moodle.methods.common import AssignmentRequest, MoodleId
from rpc_moodle.moodle.publishing import Code, Criterion, Entry, Filling, Options, Outcome, Report, Result, TextFormat
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

GradeValue = Annotated[Decimal | str | None, BeforeValidator(_grade)]
"""Points, the number of a scale's item counted from 1, or the item's name; empty for none."""


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
    """One user's grade."""

    ext_id: MoodleId = Field(description="The user's id in Moodle.")
    text: str | None = Field(default=None, description="The comment, in place of the one that is there.")
    grade: GradeValue = Field(default=None, description="Points, or the number or name of the scale's item.")
    advanced_grading: AdvancedGrading | None = Field(default=None, description="The filled rubric or marking guide.")

    def entry(self, text_format: TextFormat) -> Entry:
        """Give it as the adapter takes it."""
        filling = self.advanced_grading.filling() if self.advanced_grading else None
        return Entry(self.ext_id, self.text, text_format, self.grade, filling)


class FeedbackItem(GradeItem):
    """One user's feedback; without a grade, the grade stays."""

    text: str = Field(description="The comment, in place of the one that is there.")


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
            clear=self.clear,
            include_locked=self.include_locked,
            max_grade=max_grade,
            dry_run=self.dry_run,
        )


class ResultRow(TypedDict):
    """What became of one user's feedback.

    ``status`` is ``published``, ``unchanged`` or ``failed``; ``code`` says why it failed, or what there is to know
    of one that was published; ``via`` is the named user whose feedback reached this member of the team.
    """

    extId: int
    status: str
    code: str
    message: str
    retryable: bool
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
    row: ResultRow = {
        "extId": result.user_id,
        "status": result.outcome.value,
        "code": result.code.value if error is None else error.code.name,
        "message": result.message if error is None else error.message,
        "retryable": result.code in _TRANSIENT if error is None else error.retryable,
    }
    if result.via is not None:
        row["via"] = result.via
    return row


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
    named = ", ".join(f"{row['extId']} ({row['code']})" for row in failed[:_NAMED])
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    raise RpcError(
        PARTIAL_FAILURE,
        f"{len(failed)} of {len(written['results'])} users failed: {named}{more}. {failed[0]['message']}",
        data=written,
        retryable=any(row["retryable"] for row in failed),
    )


def _common_error(found: Report) -> RpcError | None:
    """Give the error that every single user failed with, if it was one of the site's."""
    errors = [None if result.error is None else translate(result.error) for result in found.results]
    first = errors[0]
    if first is None or any(each is None or each.message != first.message for each in errors):
        return None
    return first
