"""The plugin local_wsfunc 0.2.1: courses, grades and last access in shapes of its own (``moodle-4.5-wsfunc``)."""

from __future__ import annotations

from typing import Any, Final

from rpc_moodle.sandbox.catalogue import Category
from rpc_moodle.sandbox.errors import (
    MoodleError,
    course_not_accessible,
    grades_not_visible,
    missing_record,
    missing_user,
)
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.functions.catalogue import category_seen, sees
from rpc_moodle.sandbox.functions.people import common
from rpc_moodle.sandbox.params import Many, integer, text
from rpc_moodle.sandbox.people import GRADE, VIEW_DETAILS, Course, Service, Token, User
from rpc_moodle.sandbox.seed import ADMIN, FIRST_STUDENT, TEACHER, token_value
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.texts import name_shown
from rpc_moodle.sandbox.work import Assignment, BookGrade

PARTNER: Final = "partner1"
TOKEN_NAMES: Final = ("teacher_wsfunc", "student_wsfunc", "admin_wsfunc", "partner_wsfunc", "teacher_wsonly")


def install(site: Site) -> None:
    """Add a service with the functions and one without Moodle's own list, and a partner who looks after a cohort."""
    partner = User(max(site.users) + 1, PARTNER, "Paula", "Partner", "partner1@example.com")
    site.users[partner.id] = partner
    site.cohort_roles[partner.id] = [1]
    names = frozenset(one.name for one in FUNCTIONS)
    for service in (
        Service("wsfunc", names | {"core_webservice_get_site_info"}, uploadfiles=True),
        Service("wsonly", names, uploadfiles=True),
    ):
        site.services[service.shortname] = service
    users = {"teacher": TEACHER, "student": FIRST_STUDENT, "admin": ADMIN, "partner": partner.id}
    for name in TOKEN_NAMES:
        who, _, service_name = name.partition("_")
        site.tokens[token_value(name)] = Token(token_value(name), users[who], service_name)


def _looked_after(call: Call) -> list[User]:
    """Give the users of the cohorts that the caller has a role for."""
    cohorts = [
        call.site.cohorts[one] for one in call.site.cohort_roles.get(call.user.id, ()) if one in call.site.cohorts
    ]
    return [call.site.users[member] for cohort in cohorts for member in cohort.members]


@function("local_wsfunc_get_users_courses", userid=integer())
def get_users_courses(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List a user's courses that the caller may enter; when the enrolment began only to teachers and the user."""
    userid = params["userid"]
    courses = [one for one in call.site.courses_of(userid) if call.site.can_enter(call.user, one)]
    return [_enrolled(call, course, userid) for course in courses]


def _enrolled(call: Call, course: Course, userid: int) -> dict[str, Any]:
    shown = {
        "id": course.id,
        "shortname": course.shortname,
        "fullname": course.fullname,
        "enrolledusercount": len(course.enrolments),
        "idnumber": course.idnumber,
        "visible": int(course.visible),
        "summary": "Test course",
        "summaryformat": 1,
        "format": "topics",
        "showgrades": True,
        "lang": "",
        "enablecompletion": course.enablecompletion,
    }
    if userid == call.user.id or call.site.may(call.user, VIEW_DETAILS, course):
        shown |= {"enroltimestart": 0, "enroltimeend": 0, "enroltimecreated": course.timemodified}
    return shown


@function("local_wsfunc_get_visible_courses", cat=integer(0))
def get_visible_courses(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List the courses of a category and all below it, without regard to hidden categories between (``visible.*``).

    Where there are none it breaks (``visible.empty``).
    """
    every = call.site.categories
    top = every.get(params["cat"])
    if params["cat"] and top is None:
        message = 'Unknown category with category ID number "{$a}"'
        raise MoodleError("moodle_exception", "unknowncategory", message)
    if top is not None and not category_seen(call, top):
        message = "You don't have permission to view this list of courses."
        raise MoodleError("moodle_exception", "cannotviewcategory", message)
    found = [
        course for _, course in sorted(call.site.courses.items()) if _inside(course, top, every) and sees(call, course)
    ]
    if not found:
        raise MoodleError("TypeError", "", "ksort(): Argument #1 ($array) must be of type array, null given")
    return {"courses": [_visible(course) for course in found]}


def _inside(course: Course, top: Category | None, every: dict[int, Category]) -> bool:
    return top is None or top in every[course.category].path(every)


def _visible(course: Course) -> dict[str, Any]:
    return {
        "id": course.id,
        "category": course.category,
        "shortname": course.shortname,
        "fullname": course.fullname,
        "startdate": str(course.startdate),
        "summary": "Test course",
    }


@function(
    "local_wsfunc_get_grades",
    courseid=integer(),
    component=text(""),
    activityid=integer(0),
    userids=Many(integer(), []),
)
def get_grades(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give total and activities with the grades of the named users, enrolled or not (``grades.*``)."""
    course, wanted = call.site.courses.get(params["courseid"]), params["userids"]
    if course is None:
        raise missing_record("course")
    if not call.site.can_enter(call.user, course):
        raise course_not_accessible(course.id)
    if not call.site.may(call.user, GRADE, course) and wanted != [call.user.id]:
        raise grades_not_visible()
    inside = [one for one in call.site.assignments.values() if one.courseid == course.id and one.grade]
    if params["activityid"]:
        inside = [one for one in inside if one.cmid == params["activityid"]]
    items = [_of_assignment(call, one, wanted) for one in inside]
    if not params["component"]:
        items.insert(0, _of_course(inside, wanted))
    return {"items": items, "outcomes": []}


def _item(activity: str, name: str, low: int, high: int, grades: list[dict[str, Any]]) -> dict[str, Any]:
    item: dict[str, Any] = {"activityid": activity, "itemnumber": 0, "scaleid": 0, "name": name}
    item |= {"grademin": low, "grademax": high, "gradepass": 0, "locked": 0, "hidden": 0}
    return item | {"grades": grades}


def _of_course(inside: list[Assignment], wanted: list[int]) -> dict[str, Any]:
    points = [one for one in inside if one.grade > 0]
    most = sum(one.grade for one in points)
    rows = []
    for user in wanted:
        graded = [row for one in points if (row := one.gradebook.get(user)) and row.grade is not None]
        total = (
            BookGrade(sum(row.grade or 0 for row in graded), max(row.dategraded or 0 for row in graded))
            if graded
            else None
        )
        rows.append(_grade(user, total, "-" if total is None else f"{total.grade:.2f}", most, by=None))
    return _item("course", "Course total", 0, most, rows)


def _of_assignment(call: Call, one: Assignment, wanted: list[int]) -> dict[str, Any]:
    scale = call.site.scales.get(-one.grade, [])
    low, high = (0, one.grade) if one.grade > 0 else (1, len(scale))
    rows = []
    for user in wanted:
        row = one.gradebook.get(user)
        words = "-"
        if row is not None and row.grade is not None:
            words = scale[int(row.grade) - 1] if scale else f"{row.grade:.2f}"
        by = 2 if row and row.grade is not None else user if row else None
        rows.append(_grade(user, row, words, 0 if scale else high, by=by))
    name = name_shown(one.name, raw=call.raw, filtered=call.filter)
    shown = _item(str(one.cmid), name, low, high, rows)
    return shown | {"scaleid": max(-one.grade, 0), "gradepass": int(one.gradepass)}


def _grade(user: int, row: BookGrade | None, words: str, most: int, *, by: int | None) -> dict[str, Any]:
    feedback = row.feedback if row else ""
    return {
        "userid": user,
        "grade": row.grade if row else None,
        "locked": int(bool(row and row.locked)),
        "hidden": int(bool(row and row.hidden)),
        "overridden": int(bool(row and row.overridden)),
        "feedback": feedback or None,
        "feedbackformat": row.feedbackformat if row else 0,
        "usermodified": by,
        "datesubmitted": row.datesubmitted if row else None,
        "dategraded": row.dategraded if row else None,
        "str_grade": words,
        "str_long_grade": f"{words} / {most:.2f}" if most and words != "-" else words,
        "str_feedback": feedback,
    }


@function("local_wsfunc_get_users_lastaccess", userid=integer(0))
def get_users_lastaccess(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Tell when a user was last there, to administrators and to who looks after him (``access.*``)."""
    user = call.site.users.get(params["userid"])
    if user is None:
        raise missing_user()
    if not call.user.admin and user not in _looked_after(call):
        right = "You do not have moodle/user:viewhiddendetails for this user!"
        message = f"Sorry, but you do not currently have permissions to do that ({right})."
        raise MoodleError("moodle_exception", "nopermissions", message)
    return {"lastaccess": common(call, user)["lastaccess"]}


@function("local_wsfunc_programpartner_get_users")
def programpartner_get_users(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List whom the caller looks after (``partner.users.*``)."""
    del params
    return [{"id": user.id, "fullname": user.fullname, **common(call, user)} for user in _looked_after(call)]


FUNCTIONS = (get_grades, get_users_courses, get_users_lastaccess, get_visible_courses, programpartner_get_users)
