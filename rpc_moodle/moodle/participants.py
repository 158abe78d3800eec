"""Who takes part in an assignment, submissions or not, with whatever the token may call."""

from rpc_moodle.moodle import assignments, errors, users
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.groups import groups
from rpc_moodle.moodle.models import Assignment, EnrolledUser, Mapping, Participant, UserMappings
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.gather import both, together

_SUBMIT = "mod/assign:submit"
_SEES_NOBODY = "nopermission"
_NOBODY = (
    "The account of the API key sees no student of the assignment: it needs the right to grade, and where groups are "
    "separate a group of its own or moodle/site:accessallgroups."
)


class SeesNobody(errors.CapabilityDenied):
    """The account may see no grades of the assignment, or is in no group where groups are separate."""


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
                async for user in users.enrolled(moodle, course_id, with_capability=_SUBMIT, only_active=only_active)
            ]
        except errors.AccessDenied as denied:
            if denied.errorcode != "nopermissions":
                raise
    return [
        user
        async for user in users.enrolled(moodle, course_id)
        if any(role.shortname == "student" for role in user.roles)
    ]


async def participants(moodle: MoodleClient, assignment: Assignment, able: list[EnrolledUser]) -> list[EnrolledUser]:
    """Narrow those who can submit in the course down to those who take part in the assignment.

    Where the token may call ``mod_assign_list_participants``, it decides: it knows groupings, access
    restrictions and suspended accounts. Blind marking stays blind: of each user only the id, the
    roles and the name ``Participant N`` are left (``participants.blind``, ``mappings.blind``), the
    name empty where Moodle has not yet given out the number.

    Raises MoodleError.
    """
    names = await _names(moodle, assignment)
    if assignment.anonymous:
        if names is None:
            numbers = {mapping["userid"]: mapping["id"] for mapping in await user_mappings(moodle, assignment)}
            names = {user.id: f"Participant {numbers[user.id]}" if user.id in numbers else "" for user in able}
        roles = {user.id: user.roles for user in able}
        return [EnrolledUser(each, roles.get(each, ()), fullname=names[each]) for each in sorted(names)]
    if names is None:
        return able
    known = {user.id for user in able}
    extra = [EnrolledUser(each, fullname=names[each]) for each in names if each not in known]
    return [user for user in able if user.id in names] + extra


async def _names(moodle: MoodleClient, assignment: Assignment) -> dict[int, str] | None:
    """Give the names of those whom Moodle lists by their ids, perhaps nobody; None where the token may not ask."""
    try:
        return {user["id"]: user.get("fullname") or "" for user in await seen(moodle, assignment)}
    except errors.AccessDenied:
        return None


async def assignment_participants(
    moodle: MoodleClient, course_id: int, cmid: int
) -> tuple[Assignment, list[EnrolledUser]]:
    """Find an assignment by its course-module id and list who takes part.

    Raises MoodleError.
    """
    assignment, able = await both(assignments.assignment(moodle, course_id, cmid), submitters(moodle, course_id))
    return assignment, await participants(moodle, assignment, able)


async def listed(moodle: MoodleClient, assignment: Assignment, group: int = 0) -> list[Participant]:
    """List who takes part, submissions or not; needs ``mod_assign_list_participants`` in the service.

    Where groups are separate and the account may not see all of them, only a group of its own has members.

    Of each only ids and the name: all else is costly for the site (``participants.onlyids``).
    """
    params: Params = {"assignid": assignment.id, "groupid": group, "filter": "", "onlyids": True}
    return await moodle.call("mod_assign_list_participants", params, into=list[Participant])


async def seen(moodle: MoodleClient, assignment: Assignment) -> list[Participant]:
    """List who takes part as :func:`listed` does, of all groups that the account sees.

    An empty list is not nobody: where groups are separate, Moodle gives it to who may not see all groups, and tells
    of the account's own groups one by one. To an account in no group it refuses all, and would still let it write to
    anybody (seen on Moodle 4.5).

    Raises MoodleError, SeesNobody where the account sees nobody.
    """
    try:
        rows = await listed(moodle, assignment)
        if rows:
            return rows
        of_user = await groups(moodle, assignment.course)
        own = sorted(set().union(*of_user.values()))
        return [row for found in await together(listed(moodle, assignment, group) for group in own) for row in found]
    except errors.CapabilityDenied as denied:
        if denied.errorcode != _SEES_NOBODY:
            raise
        raise SeesNobody(_NOBODY, errorcode=denied.errorcode, function=denied.function) from None


async def user_mappings(moodle: MoodleClient, assignment: Assignment) -> list[Mapping]:
    """List the participant numbers; none while nobody has submitted or been graded (``mappings.empty``)."""
    answer = await moodle.call("mod_assign_get_user_mappings", {"assignmentids": [assignment.id]}, into=UserMappings)
    return [
        mapping for found in answer.assignments if found.assignmentid == assignment.id for mapping in found.mappings
    ]
