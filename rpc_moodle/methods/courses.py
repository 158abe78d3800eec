"""The users and the assignments of a course."""

from rpc_moodle.methods.common import CourseRequest, moodle_of
from rpc_moodle.methods.people import User, user
from rpc_moodle.moodle.text import plain_name
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class CourseUsersRequest(CourseRequest):
    """Whose users to list."""


@methods.method("getUsersFromCourse")
async def get_users_from_course(request: CourseUsersRequest, call: Call) -> list[User]:
    """List everyone enrolled in a course, suspended enrolments included."""
    async with moodle_of(request, call) as moodle:
        return [user(row) async for row in moodle.enrolled_users(request.course_id)]


class CourseAssignmentsRequest(CourseRequest):
    """Whose assignments to list."""


@methods.method("getAssignmentInfoFromCourse")
async def get_assignment_info_from_course(request: CourseAssignmentsRequest, call: Call) -> list[tuple[int, str]]:
    """List the assignments of a course as pairs of course-module id and name."""
    async with moodle_of(request, call) as moodle:
        course = await moodle.course(request.course_id)
    return [(each.cmid, plain_name(each.name)) for each in course.assignments]
