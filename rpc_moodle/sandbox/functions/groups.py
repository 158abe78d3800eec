"""Groups of a course and cohorts of the site."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.catalogue import Cohort
from rpc_moodle.sandbox.errors import missing_record, no_permission
from rpc_moodle.sandbox.functions.base import Call, entered, function
from rpc_moodle.sandbox.params import Many, Struct, integer, text
from rpc_moodle.sandbox.people import MANAGE_GROUPS, Course

_SEE_COHORTS = "View site-wide cohorts"


def _managed(call: Call, course: Course) -> Course:
    if not call.site.may(call.user, MANAGE_GROUPS, course):
        raise no_permission(MANAGE_GROUPS)
    return course


@function("core_group_get_course_groups", courseid=integer())
def get_course_groups(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List the groups of a course (``groups.course``)."""
    course = _managed(call, entered(call, params["courseid"]))
    return [
        {
            "id": group.id,
            "courseid": course.id,
            "name": group.name,
            "description": group.description,
            "descriptionformat": 1,
            "enrolmentkey": None,
            "idnumber": "",
            "visibility": 0,
            "participation": True,
        }
        for group in course.groups.values()
    ]


@function("core_group_get_group_members", groupids=Many(integer()))
def get_group_members(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List who is in which groups (``groups.members``)."""
    rows = []
    for group_id in params["groupids"]:
        course = next((one for one in call.site.courses.values() if group_id in one.groups), None)
        if course is None:
            raise missing_record("groups")
        _managed(call, course)
        rows.append({"groupid": group_id, "userids": list(course.groups[group_id].members)})
    return rows


@function("core_group_get_course_user_groups", courseid=integer(0), userid=integer(0), groupingid=integer(0))
def get_course_user_groups(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List the groups of a user in a course or in all (``groups.of_user``); others' for those who manage groups."""
    userid = params["userid"] or call.user.id
    courses = [entered(call, params["courseid"])] if params["courseid"] else call.site.courses_of(userid)
    if userid != call.user.id:
        courses = [_managed(call, course) for course in courses]
    rows = [
        {
            "id": group.id,
            "name": group.name,
            "description": group.description,
            "descriptionformat": 1,
            "idnumber": "",
            "courseid": course.id,
        }
        for course in courses
        for group in course.groups_of(userid)
    ]
    return {"groups": rows, "warnings": []}


@function("core_group_get_course_groupings", courseid=integer())
def get_course_groupings(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List the groupings of a course: there are none (``groups.groupings``)."""
    _managed(call, entered(call, params["courseid"]))
    return []


def _cohorts(call: Call) -> list[Cohort]:
    if not call.user.admin:
        raise no_permission(_SEE_COHORTS)
    return [one for _, one in sorted(call.site.cohorts.items())]


def _cohort(one: Cohort) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": one.name,
        "idnumber": one.idnumber,
        "description": one.description,
        "descriptionformat": 1,
        "visible": True,
        "theme": "",
        "customfields": [],
    }


@function("core_cohort_get_cohorts", cohortids=Many(integer(), []))
def get_cohorts(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List the cohorts of the site, all or some (``cohorts.all``, ``cohorts.as_teacher``)."""
    wanted = params["cohortids"]
    return [_cohort(one) for one in _cohorts(call) if not wanted or one.id in wanted]


@function("core_cohort_get_cohort_members", cohortids=Many(integer()))
def get_cohort_members(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List who is in which cohorts (``cohorts.members``)."""
    known = {one.id: one for one in _cohorts(call)}
    if set(params["cohortids"]) - known.keys():
        raise missing_record("cohort")
    return [{"cohortid": one, "userids": list(known[one].members)} for one in params["cohortids"]]


@function(
    "core_cohort_search_cohorts",
    query=text(),
    context=Struct({"contextlevel": text(), "instanceid": integer()}),
    includes=text("parents"),
    limitfrom=integer(0),
    limitnum=integer(25),
)
def search_cohorts(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Search cohorts by name and id number (``cohorts.search``)."""
    needle = params["query"].casefold()
    found = [_cohort(one) for one in _cohorts(call) if needle in f"{one.name} {one.idnumber}".casefold()]
    start = params["limitfrom"]
    return {"cohorts": found[start : start + (params["limitnum"] or len(found))]}


FUNCTIONS = (
    get_cohort_members,
    get_cohorts,
    get_course_groupings,
    get_course_groups,
    get_course_user_groups,
    get_group_members,
    search_cohorts,
)
