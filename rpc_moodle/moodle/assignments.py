"""The assignments of a course."""

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Assignments, Course, told


async def course(moodle: MoodleClient, course_id: int) -> Course:
    """Get a course with its assignments, names filtered, also where the account is not enrolled.

    Raises NotFound: Moodle does not tell an unknown course from one that the account may not see
    (``assignments.unknown_course``, ``assignments.admin_not_enrolled``).
    """
    answer = await moodle.call(
        "mod_assign_get_assignments",
        {"courseids": [course_id], "includenotenrolledcourses": True, **moodle.naming},
        into=Assignments,
    )
    for course in answer.courses:
        if course.id == course_id:
            return course.model_copy(update={"left_out": tuple(await told(answer.warnings, moodle.token))})
    raise errors.NotFound(
        f"There is no course {course_id}, or the account of the API key is not enrolled in it.",
        function="mod_assign_get_assignments",
    )


async def assignment(moodle: MoodleClient, course_id: int, cmid: int) -> Assignment:
    """Find an assignment of a course by its course-module id, the number in its page's URL.

    Raises NotFound, with a hint where the number is an instance id.
    """
    found = await course(moodle, course_id)
    for assignment in found.assignments:
        if assignment.cmid == cmid:
            return assignment
    hint = next(
        (f" {cmid} is the instance id of the assignment {a.cmid}." for a in found.assignments if a.id == cmid), ""
    )
    raise errors.NotFound(
        f"Course {course_id} has no assignment {cmid} that the account may see; the number is the one in the "
        f"address of the assignment's page (mod/assign/view.php?id=…).{hint}",
        function="mod_assign_get_assignments",
    )
