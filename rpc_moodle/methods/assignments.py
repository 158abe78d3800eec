"""Who takes part in an assignment."""

from rpc_moodle.methods.common import AssignmentRequest, moodle_of
from rpc_moodle.methods.people import People, User
from rpc_moodle.moodle.participants import assignment_participants
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class AssignmentUsersRequest(AssignmentRequest):
    """Whose participants to list."""


@methods.method(
    "getUsersFromAssignment",
    needs=["core_enrol_get_enrolled_users", "mod_assign_get_assignments"],
    gains_by=["mod_assign_list_participants", "mod_assign_get_user_mappings"],
)
async def get_users_from_assignment(request: AssignmentUsersRequest, call: Call) -> list[User]:
    """List the users who take part in an assignment, submissions or not; blind marking stays blind."""
    async with moodle_of(request, call, counting=True) as moodle:
        _, rows = await assignment_participants(moodle, request.course_id, request.assignment_id)
    people = People(request.options.language)
    return [people.user(row) for row in rows]
