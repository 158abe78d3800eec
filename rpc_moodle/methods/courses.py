"""The users and the assignments of a course."""

from collections.abc import Sequence
from functools import partial
from typing import Literal, NotRequired, cast

from pydantic import AliasChoices, Field
from typing_extensions import TypedDict

from rpc_moodle.methods.common import CourseRequest, MoodleId, moodle_of
from rpc_moodle.methods.people import People, User
from rpc_moodle.moodle import assignments, users
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.conditions import scheme
from rpc_moodle.moodle.text import plain_name
from rpc_moodle.transport.gather import together
from utils.call import Call
from utils.codec import Written
from utils.registry import Registry

methods = Registry()


class CourseUsersRequest(CourseRequest):
    """Whose users to list; without further keys, all of them."""

    capability: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9_]+/[a-z0-9_]+:[a-z0-9_]+$",
        max_length=255,
        description="Only those who may do this in the course, such as `mod/assign:submit`; the account needs "
        "`moodle/role:review`.",
    )
    group_id: MoodleId | None = Field(
        default=None,
        validation_alias=AliasChoices("groupID", "groupId", "group_id"),
        description="Only the members of this group.",
    )
    only_active: bool = Field(
        default=False,
        description="Leave out suspended and expired enrolments; the account needs `moodle/course:enrolreview`.",
    )
    fields: list[users.Field] = Field(
        default=[], max_length=9, description="Further fields; those that Moodle withholds are left out of the user."
    )
    order: Literal["id", "name"] = Field(default="id", description="By id, or by surname and first name.")
    page: int | None = Field(default=None, ge=0, le=10**6, description="This page alone, from 0; without it, all.")
    page_size: int = Field(default=100, ge=1, le=1000, description="Users of a page.")


class CourseUser(User):
    """A user of a course, with the further fields that were asked for and that Moodle shows; times in Unix seconds."""

    idnumber: NotRequired[str]
    institution: NotRequired[str]
    department: NotRequired[str]
    city: NotRequired[str]
    country: NotRequired[str]
    phone1: NotRequired[str]
    phone2: NotRequired[str]
    lastaccess: NotRequired[int]
    lastcourseaccess: NotRequired[int]


@methods.method("getUsersFromCourse", needs=["core_enrol_get_enrolled_users"])
async def get_users_from_course(request: CourseUsersRequest, call: Call) -> Written[CourseUser]:
    """List everyone enrolled in a course, suspended enrolments included, or those who are asked for.

    Users whom the account may not see make a page short: only an empty one is the end.
    """
    asked = users.Selection(
        with_capability=request.capability,
        group_id=request.group_id,
        only_active=request.only_active,
        fields=tuple(dict.fromkeys(request.fields)),
        by_name=request.order == "name",
    )
    found: Written[CourseUser] = Written()
    async with moodle_of(request, call, counting=True) as moodle:
        shown = partial(_shown, People(moodle.language), asked.fields)
        if request.page is not None:
            rows = await users.page(moodle, request.course_id, asked, number=request.page, size=request.page_size)
            await call.write(found, shown, rows)
            return found
        async for rows in users.selected(moodle, request.course_id, asked):
            await call.write(found, shown, rows)
    return found


def _shown(people: People, fields: Sequence[users.Field], rows: Sequence[users.DetailedUser]) -> list[CourseUser]:
    found = cast("list[CourseUser]", list(map(people.user, rows)))
    for name in fields:
        for row, user in zip(rows, found, strict=True):
            value = getattr(row, name)
            if value is not None:
                user[name] = value
    return found


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
