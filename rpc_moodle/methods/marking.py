"""What a teacher does to submissions besides grading: extensions, locks, back to draft."""

from collections.abc import Awaitable, Callable, Sequence

from pydantic import AliasChoices, Field
from typing_extensions import TypedDict

from rpc_moodle.methods.common import AssignmentRequest, MoodleId, moodle_of
from rpc_moodle.methods.fields import Moment, Users
from rpc_moodle.moodle import assignments, deadlines, described, errors, locks, submissions
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.deadlines import Deadline
from rpc_moodle.moodle.values import seconds_of
from rpc_moodle.transport.gather import together
from utils.call import Call
from utils.errors import PARTIAL_FAILURE, RpcError
from utils.registry import Registry

methods = Registry()

_FIND = "mod_assign_get_assignments"


class UsersOfAssignmentRequest(AssignmentRequest):
    """Whose submissions are meant."""

    user_ids: Users


class SetExtensionsRequest(UsersOfAssignmentRequest):
    """Until when users may hand in."""

    date: Moment = Field(description="The extended due date: Unix seconds, or ISO 8601 with an offset from UTC.")


class DeadlinesRequest(AssignmentRequest):
    """Whose deadlines to list."""

    user_ids: list[MoodleId] | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        validation_alias=AliasChoices("userIDs", "userIds", "user_ids"),
        description="These users, with due dates that were overridden for them or their groups, one request each; "
        "without it, all who have a submission or an extension, by the assignment's own due date.",
    )


class Changed(TypedDict):
    """How many users it was done for."""

    changed: int


@methods.method("setExtensions", writes=True, needs=[_FIND, "mod_assign_save_user_extensions"])
async def set_extensions(request: SetExtensionsRequest, call: Call) -> Changed:
    """Let users hand in later. Whose extension Moodle refuses is a `partial_failure` that names them."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        refused = await deadlines.extend(moodle, assignment.id, dict.fromkeys(request.user_ids, request.date))
    return _changed(request.user_ids, refused)


@methods.method("clearExtensions", writes=True, needs=[_FIND, "mod_assign_save_user_extensions"])
async def clear_extensions(request: UsersOfAssignmentRequest, call: Call) -> Changed:
    """Take extensions back: the assignment's own due date holds again."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        refused = await deadlines.extend(moodle, assignment.id, dict.fromkeys(request.user_ids))
    return _changed(request.user_ids, refused)


def _changed(user_ids: Sequence[int], refused: dict[int, str]) -> Changed:
    if refused:
        named = ", ".join(str(user) for user in list(refused)[:10])
        raise RpcError(
            PARTIAL_FAILURE,
            f"Moodle has not done it for {len(refused)} of {len(set(user_ids))} users ({named}): "
            f"{next(iter(refused.values()))}",
            details={"userIDs": list(refused)},
        )
    return {"changed": len(set(user_ids))}


@methods.method(
    "getDeadlines",
    needs=[_FIND, "mod_assign_get_user_flags", "mod_assign_get_submissions"],
    gains_by=["mod_assign_get_participant"],
)
async def get_deadlines(request: DeadlinesRequest, call: Call) -> list[Deadline]:
    """List until when users may hand in without being late, extensions included, and how late each one was."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        flags = await deadlines.flags(moodle, assignment.id)
        rows = await submissions.latest(moodle, assignment)
        found, _ = await described.of_courses(moodle, [request.course_id])
        page = next((each for each in found if each.cmid == request.assignment_id), None)
        if page is None:
            raise errors.NotFound("The assignment is no longer there.", function=_FIND)
        every = deadlines.deadlines(page, flags, rows)
        if request.user_ids is None:
            return every
        wanted = list(dict.fromkeys(request.user_ids))
        due = await together(deadlines.due_date(moodle, assignment.id, user) for user in wanted)
    known = {each.userid: each for each in every}
    return [
        deadlines.deadline(
            user,
            date,
            known[user].extensionduedate if user in known else None,
            seconds_of(known[user].submitted) if user in known else 0,
        )
        for user, date in zip(wanted, due, strict=True)
    ]


Tell = Callable[[MoodleClient, int, Sequence[int]], Awaitable[list[str]]]


async def _tell(tell: Tell, function: str, request: UsersOfAssignmentRequest, call: Call) -> Changed:
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        not_done = await tell(moodle, assignment.id, list(dict.fromkeys(request.user_ids)))
    if not_done:
        raise errors.NotDone(" ".join(not_done[:10]), function=function)
    return {"changed": len(set(request.user_ids))}


@methods.method("lockSubmissions", writes=True, needs=[_FIND, "mod_assign_lock_submissions"])
async def lock_submissions(request: UsersOfAssignmentRequest, call: Call) -> Changed:
    """Bar users from changing what they have handed in, or from handing in."""
    return await _tell(locks.lock, "mod_assign_lock_submissions", request, call)


@methods.method("unlockSubmissions", writes=True, needs=[_FIND, "mod_assign_unlock_submissions"])
async def unlock_submissions(request: UsersOfAssignmentRequest, call: Call) -> Changed:
    """Let users hand in and change their submissions again."""
    return await _tell(locks.unlock, "mod_assign_unlock_submissions", request, call)


@methods.method("revertSubmissions", writes=True, needs=[_FIND, "mod_assign_revert_submissions_to_draft"])
async def revert_submissions(request: UsersOfAssignmentRequest, call: Call) -> Changed:
    """Make submissions drafts again, so that their users can change them and hand in anew."""
    return await _tell(locks.revert_to_draft, "mod_assign_revert_submissions_to_draft", request, call)
