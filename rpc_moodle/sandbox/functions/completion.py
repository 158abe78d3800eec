"""Completion of activities and of a course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rpc_moodle.sandbox.catalogue import (
    AUTOMATIC,
    COMPLETE,
    FAILED,
    INCOMPLETE,
    PASSED,
    UNTRACKED,
    Activity,
    Completed,
)
from rpc_moodle.sandbox.errors import MoodleError, missing_unknown_record, no_permission
from rpc_moodle.sandbox.functions.base import Call, entered, function
from rpc_moodle.sandbox.params import integer
from rpc_moodle.sandbox.people import OVERRIDE_COMPLETION, REPORT_COMPLETION, Course
from rpc_moodle.sandbox.work import Assignment


@dataclass(frozen=True)
class _Tracked:
    cmid: int
    modname: str
    instance: int
    name: str
    tracking: int
    passing: bool


def _tracked(call: Call, course: Course) -> Iterator[_Tracked]:
    """Give the activities whose completion is tracked, in the order of their numbers."""
    inside: list[Activity | Assignment] = [*course.activities]
    inside += [one for one in call.site.assignments.values() if one.courseid == course.id]
    for one in sorted(inside, key=lambda each: each.cmid):
        if isinstance(one, Activity):
            tracked = _Tracked(one.cmid, one.modname, one.id, one.name, one.tracking, passing=False)
        else:
            tracked = _Tracked(
                one.cmid, "assign", one.id, one.name, one.completion or course.completion, passing=bool(one.gradepass)
            )
        if tracked.tracking != UNTRACKED:
            yield tracked


def _of(course: Course, userid: int, cmid: int) -> Completed:
    return course.completed.get((userid, cmid), Completed(INCOMPLETE, 0))


@function("core_completion_get_activities_completion_status", courseid=integer(), userid=integer())
def get_activities(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give the state of every tracked activity (``completion.activities.*``), also of who is not enrolled."""
    course, userid = entered(call, params["courseid"]), params["userid"]
    _may_read(call, course, userid)
    place = course.enrolments.get(userid)
    student = place is not None and "student" in place.roles
    rows = []
    for one in _tracked(call, course):
        state = _of(course, userid, one.cmid)
        rows.append(
            {
                "cmid": one.cmid,
                "modname": one.modname,
                "instance": one.instance,
                "state": state.state,
                "timecompleted": state.time,
                "tracking": one.tracking,
                "overrideby": state.overrideby,
                "valueused": False,
                "hascompletion": True,
                "isautomatic": one.tracking == AUTOMATIC,
                "istrackeduser": student,
                "uservisible": True,
                "details": list(_details(one, state.state)),
                "isoverallcomplete": state.state in {COMPLETE, PASSED},
            }
        )
    return {"statuses": rows, "warnings": []}


def _details(one: _Tracked, state: int) -> Iterator[dict[str, Any]]:
    if one.tracking != AUTOMATIC:
        return
    graded = {PASSED: PASSED, FAILED: COMPLETE}.get(state, state)
    yield {"rulename": "completionusegrade", "rulevalue": {"status": graded, "description": "Receive a grade"}}
    if one.passing:
        passing = {"status": state, "description": "Receive a passing grade"}
        yield {"rulename": "completionpassgrade", "rulevalue": passing}


def _may_read(call: Call, course: Course, userid: int) -> None:
    if userid != call.user.id and not call.site.may(call.user, REPORT_COMPLETION, course):
        raise no_permission(REPORT_COMPLETION)


@function("core_completion_get_course_completion_status", courseid=integer(), userid=integer())
def get_course(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give what completes a course and how far a user is (``completion.course.*``)."""
    course, userid = entered(call, params["courseid"]), params["userid"]
    _may_read(call, course, userid)
    if not course.criteria:
        raise MoodleError("moodle_exception", "nocriteriaset", "No completion criteria set for this course")
    rows = []
    for one in _tracked(call, course):
        if one.cmid not in course.criteria:
            continue
        state = _of(course, userid, one.cmid)
        done = state.state in {COMPLETE, PASSED}
        by_grade = "Achieving grade, Achieving passing grade" if one.passing else "Achieving grade"
        address = f"{call.url}/mod/{one.modname}/view.php?id={one.cmid}"
        details = {
            "type": "Activity completion",
            "criteria": f'<a href="{address}">{one.name}</a>',
            "requirement": by_grade if one.tracking == AUTOMATIC else "Marking yourself complete",
            "status": "",
        }
        rows.append(
            {
                "type": 4,
                "title": "Activity completion",
                "status": "Yes" if done else "No",
                "complete": done,
                "timecompleted": state.time if done else None,
                "details": details,
            }
        )
    status = {"completed": all(row["complete"] for row in rows), "aggregation": 1, "completions": rows}
    return {"completionstatus": status, "warnings": []}


@function("core_completion_override_activity_completion_status", userid=integer(), cmid=integer(), newstate=integer())
def override_activity(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Set the state of one activity for a user by hand (``completion.override``)."""
    for course in call.site.courses.values():
        tracking = next((one.tracking for one in _tracked(call, course) if one.cmid == params["cmid"]), None)
        if tracking is None:
            continue
        if not call.site.may(call.user, OVERRIDE_COMPLETION, course):
            raise no_permission(OVERRIDE_COMPLETION)
        state = Completed(params["newstate"], call.site.now(), call.user.id)
        course.completed[params["userid"], params["cmid"]] = state
        return {
            "cmid": params["cmid"],
            "userid": params["userid"],
            "state": state.state,
            "timecompleted": state.time,
            "overrideby": state.overrideby,
            "tracking": tracking,
        }
    raise missing_unknown_record()


FUNCTIONS = (get_activities, get_course, override_activity)
