"""Groups and groupings of a course, cohorts of a site."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from rpc_moodle.methods.common import CourseRequest, MoodleRequest, moodle_of
from rpc_moodle.methods.fields import OwnUser, SearchText
from rpc_moodle.moodle import cohorts, course_groups
from rpc_moodle.moodle.course_groups import GroupingRow, GroupRow
from utils.call import Call
from utils.registry import Registry

methods = Registry()

WithMembers = Annotated[bool, Field(description="Say who is in each, too; else `userids` is empty.")]


class GroupWithMembers(TypedDict):
    """A group of a course with the ids of its members."""

    id: int
    name: str
    idnumber: str
    userids: list[int]


class CohortWithMembers(TypedDict):
    """A cohort with the ids of its members."""

    id: int
    name: str
    idnumber: str
    userids: list[int]


class GroupsRequest(CourseRequest):
    """Whose groups to list."""

    members: WithMembers = False


class GroupsOfUserRequest(CourseRequest):
    """Whose groups to list."""

    user_id: OwnUser = None


class GroupingsRequest(CourseRequest):
    """Whose groupings to list."""


class CohortsRequest(MoodleRequest):
    """Which cohorts to list."""

    text: SearchText | None = Field(default=None, description="A part of the name or id number; all without it.")
    members: WithMembers = False


@methods.method(
    "getGroupsFromCourse", needs=["core_group_get_course_groups"], gains_by=["core_group_get_group_members"]
)
async def get_groups_from_course(request: GroupsRequest, call: Call) -> list[GroupWithMembers]:
    """List the groups of a course."""
    async with moodle_of(request, call) as moodle:
        found = await course_groups.groups(moodle, request.course_id)
        inside = await course_groups.members(moodle, [each.id for each in found]) if request.members else []
    of = {each.groupid: sorted(each.userids) for each in inside}
    return [{"id": g.id, "name": g.name, "idnumber": g.idnumber, "userids": of.get(g.id, [])} for g in found]


@methods.method("getGroupsOfUser", needs=["core_group_get_course_user_groups"])
async def get_groups_of_user(request: GroupsOfUserRequest, call: Call) -> list[GroupRow]:
    """List the groups of a user in a course."""
    async with moodle_of(request, call) as moodle:
        return await course_groups.of_user(moodle, request.course_id, request.user_id)


@methods.method("getGroupingsFromCourse", needs=["core_group_get_course_groupings"])
async def get_groupings_from_course(request: GroupingsRequest, call: Call) -> list[GroupingRow]:
    """List the groupings of a course."""
    async with moodle_of(request, call) as moodle:
        return await course_groups.groupings(moodle, request.course_id)


@methods.method(
    "getCohorts",
    needs=["core_cohort_get_cohorts"],
    gains_by=["core_cohort_search_cohorts", "core_cohort_get_cohort_members"],
)
async def get_cohorts(request: CohortsRequest, call: Call) -> list[CohortWithMembers]:
    """List the cohorts of the site."""
    async with moodle_of(request, call) as moodle:
        found = await (cohorts.search(moodle, request.text) if request.text else cohorts.cohorts(moodle))
        inside = await cohorts.members(moodle, [each.id for each in found]) if request.members else []
    of = {each.cohortid: sorted(each.userids) for each in inside}
    return [{"id": c.id, "name": c.name, "idnumber": c.idnumber, "userids": of.get(c.id, [])} for c in found]
