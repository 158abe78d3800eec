"""The gradebook, and the grades of one assignment."""

from typing_extensions import TypedDict

from rpc_moodle.methods.common import AssignmentRequest, CourseRequest, MoodleRequest, moodle_of
from rpc_moodle.methods.fields import AnyUser, OwnUser, Since, seconds
from rpc_moodle.moodle import assignments, deadlines, gradebook, grades, local
from rpc_moodle.moodle.deadlines import UserFlags
from rpc_moodle.moodle.gradebook import CourseTotal, UserGrades
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class GradeItemsRequest(CourseRequest):
    """Whose grades to list."""

    user_id: AnyUser = None


class GradeTotalsRequest(MoodleRequest):
    """Whose totals to list."""

    user_id: OwnUser = None


class AssignmentGradesRequest(AssignmentRequest):
    """Which grades to list."""

    since: Since = None


class FlagsRequest(AssignmentRequest):
    """Whose flags to list."""


class AssignmentGrade(TypedDict):
    """The stored grade of a user's latest attempt: ``grade`` in points or a scale's number, null for none.

    ``timemodified`` in Unix seconds.
    """

    userid: int
    attemptnumber: int
    grade: float | None
    timemodified: int


@methods.method("getGradeItems", needs=["gradereport_user_get_grade_items"], instead=local.GRADES)
async def get_grade_items(request: GradeItemsRequest, call: Call) -> list[UserGrades]:
    """List the gradebook of a course: every column for one user or for everybody, as the gradebook shows it."""
    async with moodle_of(request, call) as moodle:
        return await gradebook.items(moodle, request.course_id, request.user_id)


@methods.method("getGradeTotals", needs=["gradereport_overview_get_course_grades"])
async def get_grade_totals(request: GradeTotalsRequest, call: Call) -> list[CourseTotal]:
    """List the total of each course of a user; another's need rights on the whole site."""
    async with moodle_of(request, call) as moodle:
        return await gradebook.totals(moodle, request.user_id)


@methods.method("getGradesOfAssignment", needs=["mod_assign_get_assignments", "mod_assign_get_grades"])
async def get_grades_of_assignment(request: AssignmentGradesRequest, call: Call) -> list[AssignmentGrade]:
    """List the stored grades of an assignment, all or those changed since a time."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        rows = await grades.grades(moodle, assignment, since=seconds(request.since))
    return [
        {
            "userid": row["userid"],
            "attemptnumber": row.get("attemptnumber", 0),
            "grade": None if (points := grades.number(row.get("grade"))) is None else float(points),
            "timemodified": row.get("timemodified", 0),
        }
        for row in rows.values()
    ]


@methods.method("getFlagsOfAssignment", needs=["mod_assign_get_assignments", "mod_assign_get_user_flags"])
async def get_flags_of_assignment(request: FlagsRequest, call: Call) -> list[UserFlags]:
    """List extension, lock, workflow state and marker of the users of an assignment that have any of them."""
    async with moodle_of(request, call) as moodle:
        assignment = await assignments.assignment(moodle, request.course_id, request.assignment_id)
        return await deadlines.flags(moodle, assignment.id)
