"""Assignments with all that their page shows, and finding one by what people say."""

from typing import Annotated

from pydantic import AliasChoices, Field
from typing_extensions import TypedDict

from rpc_moodle.downloads.links import FileLinks
from rpc_moodle.methods.common import CourseRequest, MoodleId, MoodleRequest, moodle_of
from rpc_moodle.methods.fields import SearchText
from rpc_moodle.moodle import described
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.described import DescribedAssignment
from rpc_moodle.moodle.values import seconds_of
from utils.call import Call
from utils.registry import Registry

methods = Registry()

_NEEDS = ("mod_assign_get_assignments",)


class AssignmentsRequest(MoodleRequest):
    """Of which courses."""

    course_ids: Annotated[list[MoodleId], Field(min_length=1, max_length=100)] = Field(
        validation_alias=AliasChoices("courseIDs", "courseIds", "course_ids"),
        description="The numbers in the course pages' addresses.",
    )


class FindAssignmentRequest(CourseRequest):
    """Which assignment is meant."""

    text: SearchText = Field(description="The number in its page's address, its name, or a part of it in any case.")


class AssignmentEntriesRequest(CourseRequest):
    """Which assignments to list."""

    pattern: SearchText = Field(default="*", description="What the name has to fit, in any case, with `*` and `?`.")


class AssignmentEntry(TypedDict):
    """An assignment as a configuration names it: what a call about it takes, and how it is called.

    ``dueDate`` in Unix seconds, 0 for none.
    """

    courseID: int
    assignmentID: int
    name: str
    dueDate: int


@methods.method("getAssignments", needs=_NEEDS)
async def get_assignments(request: AssignmentsRequest, call: Call) -> list[DescribedAssignment]:
    """List the assignments of one or several courses with introduction, attachments and dates.

    A warning `left_out` names by its id each course or activity that the account may not see.
    """
    async with moodle_of(request, call) as moodle:
        return await _described(request.course_ids, call, moodle)


@methods.method("findAssignment", needs=_NEEDS)
async def find_assignment(request: FindAssignmentRequest, call: Call) -> DescribedAssignment:
    """Tell which assignment of a course is meant; the error for an unclear one names those it could have been."""
    async with moodle_of(request, call) as moodle:
        return described.find(await _described([request.course_id], call, moodle), request.text)


@methods.method("getAssignmentEntries", needs=_NEEDS)
async def get_assignment_entries(request: AssignmentEntriesRequest, call: Call) -> list[AssignmentEntry]:
    """List the assignments of a course that the account may see, ready to be put into a configuration."""
    async with moodle_of(request, call) as moodle:
        found = await _described([request.course_id], call, moodle)
    return [
        {
            "courseID": request.course_id,
            "assignmentID": each.cmid,
            "name": each.name,
            "dueDate": seconds_of(each.duedate),
        }
        for each in described.matching(found, request.pattern)
    ]


async def _described(course_ids: list[int], call: Call, moodle: MoodleClient) -> list[DescribedAssignment]:
    links = call.shared(FileLinks).of(moodle.site, moodle.token)
    found, left_out = await described.of_courses(moodle, course_ids)
    for notice in left_out:
        call.warn("left_out", notice.message, item=notice.item, itemid=notice.itemid)
    return [each.with_links(links.listed) for each in found]
