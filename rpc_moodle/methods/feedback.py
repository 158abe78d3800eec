"""Feedback and grades for an assignment, and the report of an earlier call."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import AliasChoices, Field

from rpc_moodle.errors import NOT_FOUND
from rpc_moodle.methods.common import MoodleRequest, moodle_of
from rpc_moodle.methods.publishing import (
    PublicationReport,
    PublicationState,
    PublishingRequest,
    report,
    reported,
)
from rpc_moodle.methods.rows import FeedbackRow, GradeRow, Points, sorted_out
from rpc_moodle.moodle import assignments
from rpc_moodle.moodle.publishing import Entry, InvalidEntries, Options, Publication, Result, is_empty
from rpc_moodle.publications import Publications
from rpc_moodle.transport.unhurried import unhurried
from utils.call import Call
from utils.errors import INVALID_REQUEST, RpcError
from utils.registry import Registry

methods = Registry()

PUBLISHING_GAINS_BY = (
    "mod_assign_get_submission_status",
    "mod_assign_get_grades",
    "mod_assign_get_user_flags",
    "mod_assign_get_submissions",
    "mod_assign_save_grades",
    "core_course_get_course_module",
    "core_grading_get_definitions",
    "core_grading_get_gradingform_instances",
    "mod_assign_submit_grading_form",
    "core_course_get_courses_by_field",
)
_ANSWER_SECONDS = 1.0
"""Seconds of a call's time that are kept for its reply; of a short call, a tenth."""


class TextFeedbackRequest(PublishingRequest):
    """Texts and files for users, each with a grade if there is one."""

    feedback: list[FeedbackRow] = Field(
        validation_alias=AliasChoices("feedback", "feedback_data"), description="One item for each user."
    )


class GradesRequest(PublishingRequest):
    """Grades for users, each with a text if there is one."""

    grades: list[GradeRow] = Field(description="One item for each user.")
    max_grade: Annotated[Points, Field(gt=0)] | None = Field(
        default=None, description="The maximum of the points given; they are converted to the assignment's."
    )


class PublicationQuery(MoodleRequest):
    """Which publication is asked about."""

    progress_id: str = Field(
        min_length=1,
        max_length=200,
        description="What the publishing call gave as its `progressId`, with the same URL and API key.",
    )


@methods.method(
    "publishAssignmentTextFeedback",
    writes=True,
    needs=["mod_assign_get_assignments", "mod_assign_save_grade"],
    gains_by=PUBLISHING_GAINS_BY,
)
async def publish_assignment_text_feedback(request: TextFeedbackRequest, call: Call) -> PublicationReport:
    """Publish feedback texts and files; grade, attempt and workflow state stay, but for a grade that is given.

    What fails for a user fails for that user alone: then the call is a `partial_failure` whose `data` is the report.
    The same call again publishes only what is missing.
    """
    entries = await sorted_out(request.feedback, request.text_format)
    return await _publish(request, call, "feedback", entries, request.how())


@methods.method(
    "publishGrades",
    "publishAssignmentGrade",
    writes=True,
    needs=["mod_assign_get_assignments", "mod_assign_save_grade"],
    gains_by=PUBLISHING_GAINS_BY,
)
async def publish_grades(request: GradesRequest, call: Call) -> PublicationReport:
    """Publish grades, with a text or files where they are given: an empty text leaves the comment, `clear` removes it.

    Comments, files, attempts and workflow states stay as they are.
    """
    entries, rejected = await sorted_out(request.grades, request.text_format)
    if not request.clear:
        entries = [
            replace(entry, text=None) if is_empty(entry.text or "") else entry async for entry in unhurried(entries)
        ]
    return await _publish(request, call, "grades", (entries, rejected), request.how(request.max_grade))


@methods.method("getPublication")
async def get_publication(request: PublicationQuery, call: Call) -> PublicationState:
    """Tell what became of a publication, also while it runs; its report is kept for an hour."""
    async with moodle_of(request, call) as moodle:
        try:
            found = call.shared(Publications).find(moodle, request.progress_id)
        except InvalidEntries as invalid:
            raise _refused(invalid, "") from None
    if found is None:
        raise RpcError(
            NOT_FOUND,
            "There is no publication of this progressId with this URL and API key, or its report has been dropped.",
        )
    return {**report(found.report), "pending": found.report.pending, "running": found.running}


async def _publish(
    request: PublishingRequest,
    call: Call,
    field: str,
    rows: tuple[Sequence[Entry], Sequence[Result]],
    options: Options,
) -> PublicationReport:
    kept = min(_ANSWER_SECONDS, call.deadline.seconds / 10)

    def time_left() -> float:
        return max(0.0, call.deadline.remaining() - kept)

    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        try:
            publication = Publication(
                moodle, assignment, rows[0], options, rejected=rows[1], time_left=time_left, progress=call.progress
            )
            found = await call.shared(Publications).run(
                publication, moodle, progress_id=request.progress_id, time_left=time_left
            )
        except InvalidEntries as invalid:
            raise _refused(invalid, field) from None
    return reported(found)


def _refused(invalid: InvalidEntries, field: str) -> RpcError:
    fields = [{"path": field, "problem": each} for each in invalid.problems]
    return RpcError(INVALID_REQUEST, f"Nothing was published. {invalid}", details={"fields": fields})
