"""Whether a site and a token are set up for what the methods need, and what an administrator has to do if not."""

from pydantic import AliasChoices, Field

from rpc_moodle.methods.common import MoodleId, MoodleRequest, moodle_of
from rpc_moodle.moodle.diagnosis import Diagnosis, Wants, diagnose
from rpc_moodle.moodle.setup import examine
from utils.call import Call
from utils.registry import Registry


class CheckSetupRequest(MoodleRequest):
    """Where to look."""

    course_id: MoodleId | None = Field(
        default=None,
        validation_alias=AliasChoices("courseID", "courseId", "course_id"),
        description="Check the rights in this course, too.",
    )
    assignment_id: MoodleId | None = Field(
        default=None,
        validation_alias=AliasChoices("assignmentID", "assignmentId", "assignment_id"),
        description="And in this assignment of it: the number in the assignment page's address.",
    )


def wants_of(methods: Registry) -> Wants:
    """Return what methods call at a site."""
    asking = [method for method in methods if method.needs]
    return Wants({each.name: each.needs for each in asking}, {each.name: each.instead for each in asking})


def checking(others: Registry) -> Registry:
    """Return the method that checks a setup for all others."""
    methods = Registry()

    @methods.method("checkSetup", gains_by=["core_webservice_get_site_info"])
    async def check_setup(request: CheckSetupRequest, call: Call) -> Diagnosis:
        """Say of each method whether the API key can use it, and what an administrator has to do if not.

        It changes nothing, and works with a key that may call but one function. A site that cannot be reached
        is an answer, too: `reachable` is false.
        """
        wants = wants_of(others)
        async with moodle_of(request, call) as moodle:
            facts = await examine(moodle, wants.every, course_id=request.course_id, cmid=request.assignment_id)
        return diagnose(facts, wants)

    return methods
