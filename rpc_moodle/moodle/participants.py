"""Who takes part in an assignment, submissions or not, with whatever the token may call."""

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.concurrent import both
from rpc_moodle.moodle.models import Assignment, EnrolledUser

_SUBMIT = "mod/assign:submit"


async def submitters(moodle: MoodleClient, course_id: int) -> list[EnrolledUser]:
    """List the active users of a course who can submit, with ``core_enrol_get_enrolled_users`` alone.

    Filtering by capability needs a right of its own (``moodle/role:review``), leaving out suspended
    enrolments another (``moodle/course:enrolreview``). An account without them sees the users whose
    role is ``student``.

    Raises MoodleError; NotFound or AccessDenied for a course that the account cannot see.
    """
    for only_active in (True, False):
        try:
            return [
                user
                async for user in moodle.enrolled_users(course_id, with_capability=_SUBMIT, only_active=only_active)
            ]
        except errors.AccessDenied as denied:
            if denied.errorcode != "nopermissions":
                raise
    return [
        user
        async for user in moodle.enrolled_users(course_id)
        if any(role.get("shortname") == "student" for role in user.get("roles", []))
    ]


async def participants(moodle: MoodleClient, assignment: Assignment, able: list[EnrolledUser]) -> list[EnrolledUser]:
    """Narrow those who can submit in the course down to those who take part in the assignment.

    Where the token may call ``mod_assign_list_participants``, it decides: it knows groupings, access
    restrictions and suspended accounts. Blind marking stays blind: of each user only the id, the
    roles and the name ``Participant N`` are left (``participants.blind``, ``mappings.blind``), the
    name empty where Moodle has not yet given out the number.

    Raises MoodleError.
    """
    listed = await _listed(moodle, assignment)
    if assignment.anonymous:
        if listed is None:
            numbers = {mapping["userid"]: mapping["id"] for mapping in await moodle.user_mappings(assignment)}
            listed = {
                user["id"]: f"Participant {numbers[user['id']]}" if user["id"] in numbers else "" for user in able
            }
        roles = {user["id"]: user.get("roles", []) for user in able}
        return [{"id": each, "fullname": listed[each], "roles": roles.get(each, [])} for each in sorted(listed)]
    if listed is None:
        return able
    known = {user["id"] for user in able}
    extra: list[EnrolledUser] = [{"id": each, "fullname": listed[each]} for each in listed if each not in known]
    return [user for user in able if user["id"] in listed] + extra


async def _listed(moodle: MoodleClient, assignment: Assignment) -> dict[int, str] | None:
    """Give the names of those whom Moodle lists by their ids, perhaps nobody; None where the token may not ask."""
    try:
        return {user["id"]: user.get("fullname") or "" for user in await moodle.participants(assignment)}
    except errors.AccessDenied:
        return None


async def assignment_participants(
    moodle: MoodleClient, course_id: int, cmid: int
) -> tuple[Assignment, list[EnrolledUser]]:
    """Find an assignment by its course-module id and list who takes part.

    Raises MoodleError.
    """
    assignment, able = await both(moodle.assignment(course_id, cmid), submitters(moodle, course_id))
    return assignment, await participants(moodle, assignment, able)
