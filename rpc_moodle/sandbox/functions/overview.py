"""``gradereport_overview_get_course_grades``: the totals of a user's courses."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.errors import no_permission
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.params import integer


@function("gradereport_overview_get_course_grades", userid=integer(0))
def get_course_grades(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give the course totals of a user, the caller by default (``grades.overview.*``)."""
    userid = params["userid"] or call.user.id
    if userid != call.user.id and not call.user.admin:
        raise no_permission("View grades of other users")
    rows = []
    for course in call.site.courses_of(userid):
        inside = [one for one in call.site.assignments.values() if one.courseid == course.id and one.grade]
        grades = [book.grade for one in inside if (book := one.gradebook.get(userid)) and book.grade is not None]
        if "student" not in course.enrolments[userid].roles:
            continue
        total = f"{sum(grades):.5f}" if grades else None
        rows.append({"courseid": course.id, "grade": f"{sum(grades):.2f}" if grades else "-", "rawgrade": total})
    return {"grades": rows, "warnings": []}


FUNCTIONS = (get_course_grades,)
