"""The users and the assignments of a course."""

from typing import Literal

from pydantic import Field
from typing_extensions import TypedDict

from rpc_moodle.methods.common import CourseRequest, moodle_of
from rpc_moodle.methods.people import People, User
from rpc_moodle.moodle import assignments, users
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.conditions import scheme
from rpc_moodle.moodle.text import plain_name
from rpc_moodle.transport.gather import together
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class CourseUsersRequest(CourseRequest):
    """Whose users to list."""


@methods.method("getUsersFromCourse", needs=["core_enrol_get_enrolled_users"])
async def get_users_from_course(request: CourseUsersRequest, call: Call) -> list[User]:
    """List everyone enrolled in a course, suspended enrolments included."""
    async with moodle_of(request, call, counting=True) as moodle:
        people = People(moodle.language)
        return [people.user(row) async for row in users.enrolled(moodle, request.course_id)]


class AssignmentInfo(TypedDict):
    """What an assignment is like.

    ``id`` is the instance id, ``cmid`` the number in its page's URL; ``dueDate`` in Unix seconds, 0 for none.
    ``maxGrade`` in points, null for a scale and where nothing is graded; ``scaleItems`` from the lowest up,
    empty where the API key may not read them. ``maxAttempts`` is -1 for any number.
    """

    id: int
    cmid: int
    name: str
    dueDate: int
    grading: Literal["points", "scale", "none"]
    maxGrade: int | None
    scaleItems: list[str]
    teamSubmission: bool
    blindMarking: bool
    markingWorkflow: bool
    maxAttempts: int
    submissionTypes: list[str]
    feedbackTypes: list[str]


class CourseAssignmentsRequest(CourseRequest):
    """Whose assignments to list."""

    detailed: bool = Field(default=False, description="Give an object for each assignment instead of a list.")


@methods.method(
    "getAssignmentInfoFromCourse", needs=["mod_assign_get_assignments"], gains_by=["core_course_get_course_module"]
)
async def get_assignment_info_from_course(
    request: CourseAssignmentsRequest, call: Call
) -> list[tuple[int, str, int | None]] | list[AssignmentInfo]:
    """List the assignments of a course: course-module id, name and maximum grade, or what each is like.

    The maximum is in points, and null for a scale and where nothing is graded.

    A warning `left_out` names by its course-module id each one that the account may not see.
    """
    async with moodle_of(request, call) as moodle:
        course = await assignments.course(moodle, request.course_id)
        found = course.assignments
        for notice in course.left_out:
            call.warn("left_out", notice.message, item=notice.item, itemid=notice.itemid)
        if not request.detailed:
            return [(each.cmid, _name(each, moodle.language), _maximum(each)) for each in found]
        scales = [each for each in found if each.grade < 0]
        schemes = await together(scheme(moodle, each) for each in scales)
    items = {each.cmid: list(known.items) for each, known in zip(scales, schemes, strict=True)}
    return [_info(each, items.get(each.cmid, []), moodle.language) for each in found]


def _name(assignment: Assignment, language: str | None) -> str:
    return plain_name(assignment.name, language or "en")


def _maximum(assignment: Assignment) -> int | None:
    return assignment.grade if assignment.grade > 0 else None


def _info(assignment: Assignment, scale_items: list[str], language: str | None) -> AssignmentInfo:
    grade = assignment.grade
    return {
        "id": assignment.id,
        "cmid": assignment.cmid,
        "name": _name(assignment, language),
        "dueDate": assignment.duedate or 0,
        "grading": "points" if grade > 0 else "scale" if grade < 0 else "none",
        "maxGrade": _maximum(assignment),
        "scaleItems": scale_items,
        "teamSubmission": assignment.teamsubmission,
        "blindMarking": assignment.blindmarking,
        "markingWorkflow": assignment.markingworkflow,
        "maxAttempts": assignment.attempts,
        "submissionTypes": assignment.enabled("assignsubmission"),
        "feedbackTypes": assignment.enabled("assignfeedback"),
    }
