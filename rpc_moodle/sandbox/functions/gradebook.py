"""What the gradebook shows: ``gradereport_user_get_grade_items`` and ``gradereport_overview_get_course_grades``."""

from __future__ import annotations

from typing import Any, Final

from rpc_moodle.sandbox.errors import MoodleError, no_permission
from rpc_moodle.sandbox.functions.base import Call, entered, function
from rpc_moodle.sandbox.params import integer
from rpc_moodle.sandbox.people import GRADE, Course, User
from rpc_moodle.sandbox.texts import name_shown
from rpc_moodle.sandbox.work import Assignment

_ICONS: Final = {True: ("fa-check text-success", "Pass"), False: ("fa-xmark text-danger", "Fail")}
_PLAIN: Final = 2


@function("gradereport_user_get_grade_items", courseid=integer(), userid=integer(0), groupid=integer(0))
def get_grade_items(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give the grade items of a user, of everybody with ``userid`` 0 (``grades.items.*``)."""
    course = entered(call, params["courseid"])
    teaching = call.site.may(call.user, GRADE, course)
    if not teaching and params["userid"] != call.user.id:
        raise MoodleError("moodle_exception", "nopermissiontoviewgrades", "Cannot view grades.")
    wanted = [params["userid"]] if params["userid"] else _graded(call, course)
    rows = [_row(call, course, call.site.users[userid], teaching=teaching) for userid in wanted]
    return {"usergrades": rows, "warnings": []}


def _graded(call: Call, course: Course) -> list[int]:
    """Give whose grades a gradebook lists: active students."""
    places = course.enrolments.values()
    return [
        one.userid
        for one in places
        if one.active and "student" in one.roles and not call.site.users[one.userid].suspended
    ]


def _row(call: Call, course: Course, user: User, *, teaching: bool) -> dict[str, Any]:
    inside = [one for one in call.site.assignments.values() if one.courseid == course.id and one.grade]
    graded = {one.id: book.grade for one in inside if (book := one.gradebook.get(user.id)) and book.grade is not None}
    items = [_item(call, course, one, user.id, inside) for one in sorted(inside, key=lambda one: one.gradeitem)]
    items.append(_total(course, inside, graded, user.id))
    for item in items if not teaching else ():
        item |= {"locked": None, "gradeislocked": None, "gradeisoverridden": None}
    return {
        "courseid": course.id,
        "courseidnumber": course.idnumber,
        "userid": user.id,
        "userfullname": user.fullname,
        "useridnumber": user.idnumber,
        "maxdepth": 2,
        "gradeitems": items,
    }


def _most(call: Call, one: Assignment) -> int:
    return one.grade if one.grade > 0 else len(call.site.scales[-one.grade])


def _item(call: Call, course: Course, one: Assignment, userid: int, inside: list[Assignment]) -> dict[str, Any]:
    book, row = one.gradebook.get(userid), one.grade_of(userid)
    value = book.grade if book else None
    submission = one.latest_of(userid)
    shown = {
        "id": one.gradeitem,
        "itemname": name_shown(one.name, raw=call.raw, filtered=call.filter),
        "itemtype": "mod",
        "itemmodule": "assign",
        "iteminstance": one.id,
        "itemnumber": 0,
        "idnumber": "",
        "categoryid": course.gradecategory,
        "outcomeid": None,
        "scaleid": -one.grade if one.grade < 0 else None,
        "locked": False,
        "cmid": one.cmid,
    }
    shown |= _weight(call, one, userid, inside)
    comment = row.comment if value is not None and row and row.comment else None
    shown |= _value(value, 0 if one.grade > 0 else 1, _most(call, one))
    shown["gradedatesubmitted"] = submission.timemodified if submission and value is None else None
    shown["gradedategraded"] = book.dategraded if book else None
    shown["feedback"] = comment.text if comment else ""
    shown["feedbackformat"] = comment.format if comment else _PLAIN if value is not None else 0
    if one.grade < 0 and value is not None:
        shown["gradeformatted"] = call.site.scales[-one.grade][int(value) - 1]
    if one.gradepass and value is not None:
        icon, word = _ICONS[value >= one.gradepass]
        if call.site.release == "4.4":
            icon = icon.replace("xmark", "times")
        mark = f'<i class="icon fa {icon} fa-fw inline"  title="{word}" role="img" aria-label="{word}"></i>'
        shown["gradeformatted"] = f"{mark}{shown['gradeformatted']}"
    return shown


def _weight(call: Call, one: Assignment, userid: int, inside: list[Assignment]) -> dict[str, Any]:
    """Give the natural weight of an item among those that are graded; none while nothing is (``grades.items.3``)."""
    graded = [each for each in inside if (book := each.gradebook.get(userid)) and book.grade is not None]
    if not graded:
        return {}
    if one not in graded:
        return {"weightraw": 0, "weightformatted": "0.00 %", "status": "novalue"}
    share = _most(call, one) / sum(_most(call, each) for each in graded)
    return {"weightraw": round(share, 5) if share < 1 else 1, "weightformatted": f"{share * 100:.2f} %"}


def _value(value: float | None, least: int, most: int) -> dict[str, Any]:
    return {
        "graderaw": value if value is None or value % 1 else int(value),
        "gradehiddenbydate": False,
        "gradeneedsupdate": False,
        "gradeishidden": False,
        "gradeislocked": False,
        "gradeisoverridden": False,
        "gradeformatted": "-" if value is None else f"{value:.2f}",
        "grademin": least,
        "grademax": most,
        "rangeformatted": f"{least}&ndash;{most}",
        "percentageformatted": "-" if value is None else f"{100 * (value - least) / ((most - least) or 1):.2f} %",
    }


def _total(course: Course, inside: list[Assignment], graded: dict[int, float], userid: int) -> dict[str, Any]:
    known = [one for one in inside if one.id in graded]
    value = sum(graded.values()) if graded else None
    dates = [book.dategraded or 0 for one in known if (book := one.gradebook.get(userid))]
    return {
        "id": course.gradeitem,
        "itemname": None,
        "itemtype": "course",
        "itemmodule": None,
        "iteminstance": course.gradecategory,
        "itemnumber": None,
        "idnumber": None,
        "categoryid": None,
        "outcomeid": None,
        "scaleid": None,
        "locked": False,
        "gradedatesubmitted": None,
        "gradedategraded": max(dates) if dates else None,
        "feedback": "",
        "feedbackformat": _PLAIN if graded else 0,
    } | _value(value, 0, sum(one.grade for one in inside if one.grade > 0))


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


FUNCTIONS = (get_course_grades, get_grade_items)
