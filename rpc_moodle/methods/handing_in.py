"""A student's own work: where it stands, saved, handed in, removed."""

from pydantic import Field
from typing_extensions import TypedDict

from rpc_moodle.downloads.links import FileLinks
from rpc_moodle.methods.common import AssignmentRequest, moodle_of
from rpc_moodle.methods.fields import FileItem, OwnUser
from rpc_moodle.moodle import MoodleClient, MoodleError, assignments, drafts, handing_in, standing
from rpc_moodle.moodle.errors import NotDone
from rpc_moodle.moodle.files.upload import Upload
from rpc_moodle.moodle.standing import Standing
from utils.call import Call
from utils.registry import Registry

methods = Registry()

_FIND = "mod_assign_get_assignments"


class StandingRequest(AssignmentRequest):
    """Where whose work stands."""

    user_id: OwnUser = None


class SaveSubmissionRequest(AssignmentRequest):
    """What to save as one's own submission."""

    files: list[FileItem] | None = Field(
        default=None, max_length=100, description="The files, in place of all that were there."
    )
    text: str | None = Field(default=None, description="The online text, as HTML.")


class SubmitSubmissionRequest(AssignmentRequest):
    """What to hand in."""

    accept_statement: bool = Field(
        default=False, description="Accept the site's submission statement, where the assignment asks for it."
    )


class RemoveSubmissionRequest(AssignmentRequest):
    """What to remove."""

    user_id: OwnUser = None


class Done(TypedDict):
    """Where the submission stands now: ``draft``, ``submitted``, ``new``; empty where that could not be read."""

    status: str


@methods.method("getSubmissionStatus", needs=[_FIND, "mod_assign_get_submission_status"])
async def get_submission_status(request: StandingRequest, call: Call) -> Standing:
    """Tell where a user stands in an assignment: submission, grade, feedback, extension, lock."""
    async with moodle_of(request, call) as moodle:
        links = call.shared(FileLinks).of(moodle.site, moodle.token)
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        found = await standing.standing(moodle, assignment.id, request.user_id)
        return found.with_links(links.listed)


@methods.method(
    "saveSubmission",
    writes=True,
    needs=[_FIND, "mod_assign_save_submission"],
    gains_by=["mod_assign_get_submission_status"],
)
async def save_submission(request: SaveSubmissionRequest, call: Call) -> Done:
    """Save files and a text as the account's own submission, in place of what was there; what is not given stays."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        draft = None
        if request.files:
            draft = await drafts.upload(moodle, [Upload(each.filename, each.content) for each in request.files])
            if draft.refused:
                name, reason = next(iter(draft.refused.items()))
                raise NotDone(f"{name}: {reason}. Nothing was saved.", function="webservice/upload.php")
        await handing_in.save(moodle, assignment.id, draft=draft.itemid if draft else None, text=request.text)
        return {"status": await _status(moodle, assignment.id)}


@methods.method(
    "submitSubmission",
    writes=True,
    needs=[_FIND, "mod_assign_submit_for_grading"],
    gains_by=["mod_assign_get_submission_status"],
)
async def submit_submission(request: SubmitSubmissionRequest, call: Call) -> Done:
    """Hand in what was saved as a draft."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        await handing_in.submit(moodle, assignment.id, accept_statement=request.accept_statement)
        return {"status": await _status(moodle, assignment.id)}


async def _status(moodle: MoodleClient, assignment_id: int) -> str:
    """Return where one's own submission stands; what was done is done, also where that cannot be read."""
    try:
        return (await standing.standing(moodle, assignment_id)).status
    except MoodleError:
        return ""


@methods.method(
    "removeSubmission",
    writes=True,
    needs=[_FIND, "mod_assign_remove_submission"],
    gains_by=["core_webservice_get_site_info"],
)
async def remove_submission(request: RemoveSubmissionRequest, call: Call) -> Done:
    """Remove what a user has submitted, one's own or with the right to it another's; from Moodle 4.5 on."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        await handing_in.remove(moodle, assignment.id, request.user_id)
        return {"status": "new"}
