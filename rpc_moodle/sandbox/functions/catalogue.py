"""Courses and categories: by a field, by a search, a user's, and the tree of categories."""

from __future__ import annotations

from typing import Any, Final

from rpc_moodle.sandbox.catalogue import COMPLETE, PASSED, Category
from rpc_moodle.sandbox.errors import invalid_parameter
from rpc_moodle.sandbox.functions.base import Call, function, warning
from rpc_moodle.sandbox.params import Many, Struct, boolean, integer, text
from rpc_moodle.sandbox.people import MANAGE, Course

_FILTERS: Final = ("displayh5p", "activitynames", "mathjaxloader", "emoticon", "urltolink", "mediaplugin", "multilang")
_OPTIONS: Final = (("hiddensections", 1), ("coursedisplay", 0), ("indentation", "1"))
_FIELDS: Final = frozenset({"", "id", "ids", "shortname", "idnumber", "category"})


def sees(call: Call, course: Course) -> bool:
    """Tell whether the caller may know of a course; hidden ones are for administrators and those who teach there."""
    return course.visible or call.site.may(call.user, MANAGE, course)


def _image(call: Call, course: Course) -> str:
    return f"{call.url}/pluginfile.php/{course.contextid}/course/generated/course.svg"


def _public(call: Call, course: Course) -> dict[str, Any]:
    category = call.site.categories.get(course.category)
    teachers = [one for one in course.enrolments.values() if "editingteacher" in one.roles]
    return {
        "id": course.id,
        "fullname": course.fullname,
        "displayname": course.fullname,
        "shortname": course.shortname,
        "courseimage": _image(call, course),
        "categoryid": course.category,
        "categoryname": _name(category) if category and category_seen(call, category) else "",
        "sortorder": course.sortorder,
        "summary": "" if course.id == 1 else "Test course",
        "summaryformat": 0 if course.id == 1 else 1,
        "summaryfiles": [],
        "overviewfiles": [],
        "showactivitydates": False,
        "showcompletionconditions": None if course.id == 1 else True,
        "contacts": [{"id": one.userid, "fullname": call.site.users[one.userid].fullname} for one in teachers],
        "enrollmentmethods": [] if course.id == 1 else ["manual"],
    }


def _described(call: Call, course: Course) -> dict[str, Any]:
    """Give a course; more of it to those who may enter, most to those who may manage (``courses.field.id.*``)."""
    shown = _public(call, course)
    front = course.id == 1
    if not front and not call.site.can_enter(call.user, course):
        return shown
    if call.site.may(call.user, MANAGE, course):
        shown["idnumber"] = course.idnumber
    shown |= {
        "format": "site" if front else "topics",
        "showgrades": 1,
        "newsitems": 3 if front else 0,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "maxbytes": course.maxbytes,
        "showreports": 0,
        "visible": int(course.visible),
        "groupmode": 0,
        "groupmodeforce": 0,
        "defaultgroupingid": 0,
        "enablecompletion": int(course.enablecompletion),
        "completionnotify": 0,
        "lang": "",
        "theme": "",
        "marker": 0,
    }
    if call.site.may(call.user, MANAGE, course):
        made = course.timemodified
        shown |= {"legacyfiles": 0, "calendartype": "", "timecreated": made, "timemodified": made, "requested": 0}
        shown["cacherev"] = made
    shown["filters"] = [{"filter": name, "localstate": 0, "inheritedstate": 1} for name in _FILTERS]
    if not front:
        shown["courseformatoptions"] = [{"name": name, "value": value} for name, value in _OPTIONS]
    return shown


@function("core_course_get_courses_by_field", field=text(""), value=text(""))
def get_courses_by_field(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Find courses (``courses.field.*``); without a field all that the caller may know of, the front page first."""
    name, value = params["field"], params["value"]
    if name not in _FIELDS:
        raise invalid_parameter()
    front = Course(1, call.site.name, "ref", call.site.seeded, category=0, sortorder=1, contextid=2)
    every = [front, *(course for _, course in sorted(call.site.courses.items()))]
    found = [course for course in every if sees(call, course) and _matches(course, name, value)]
    closed = [one for one in found if name == "ids" and not call.site.can_enter(call.user, one)]
    warnings = [warning("course", one.id, "1", "No access rights in course context") for one in closed]
    return {"courses": [_described(call, course) for course in found], "warnings": warnings}


def _matches(course: Course, name: str, value: str) -> bool:
    if not name:
        return True
    if name == "ids":
        return str(course.id) in value.split(",")
    return str(getattr(course, name)) == value


@function(
    "core_course_search_courses",
    criterianame=text(),
    criteriavalue=text(),
    page=integer(0),
    perpage=integer(0),
    requiredcapabilities=Many(text(), []),
    limittoenrolled=boolean(default=False),
)
def search_courses(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Search names (``courses.search.*``), a page at a time."""
    if params["criterianame"] != "search":
        raise invalid_parameter()
    needle = params["criteriavalue"].casefold()
    found = [
        course
        for _, course in sorted(call.site.courses.items())
        if sees(call, course) and needle in f"{course.fullname} {course.shortname}".casefold()
    ]
    start, count = params["page"] * params["perpage"], params["perpage"] or len(found)
    rows = [_public(call, course) for course in found[start : start + count]]
    return {"total": len(found), "courses": rows, "warnings": []}


def _name(category: Category) -> str:
    return category.name.replace("&", "&amp;")


def category_seen(call: Call, category: Category) -> bool:
    """Tell whether the caller may know of a category; what is below a hidden one is hidden, too."""
    return call.user.admin or all(one.visible for one in category.path(call.site.categories))


@function(
    "core_course_get_categories",
    criteria=Many(Struct({"key": text(), "value": text()}), []),
    addsubcategories=boolean(default=True),
)
def get_categories(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List categories, all or one and those below it (``courses.categories*``)."""
    wanted = {one["key"]: one["value"] for one in params["criteria"]}
    if wanted.keys() - {"id", "name", "parent", "idnumber"}:
        raise invalid_parameter()
    every = call.site.categories
    chosen = {one.id for one in every.values() if all(str(getattr(one, key)) == v for key, v in wanted.items())}
    if params["addsubcategories"]:
        chosen = {one.id for one in every.values() if any(above.id in chosen for above in one.path(every))}
    return [_category(call, every[one]) for one in sorted(chosen) if category_seen(call, every[one])]


def _category(call: Call, one: Category) -> dict[str, Any]:
    path = one.path(call.site.categories)
    shown = {
        "id": one.id,
        "name": _name(one),
        "description": "" if one.id == 1 else "Test course category",
        "descriptionformat": 1,
        "parent": one.parent,
        "sortorder": one.id * 10000,
        "coursecount": sum(course.category == one.id for course in call.site.courses.values()),
        "depth": len(path),
        "path": "".join(f"/{each.id}" for each in path),
    }
    if call.user.admin:
        visible = int(one.visible)
        shown |= {"idnumber": one.idnumber, "visible": visible, "visibleold": visible, "theme": ""}
        shown["timemodified"] = call.site.seeded
    return shown


@function("core_enrol_get_users_courses", userid=integer(), returnusercount=boolean(default=True))
def get_users_courses(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List the courses of a user (``courses.of_user.*``): of others those that the caller may enter."""
    userid = params["userid"]
    return [
        _enrolled(call, course, userid)
        for course in call.site.courses_of(userid)
        if userid == call.user.id or call.site.can_enter(call.user, course)
    ]


def _enrolled(call: Call, course: Course, userid: int) -> dict[str, Any]:
    tracked = course.enablecompletion and "student" in course.enrolments[userid].roles
    done = [
        (state := course.completed.get((userid, cmid))) is not None and state.state in {COMPLETE, PASSED}
        for cmid in course.criteria
    ]
    progress = 100 * sum(done) // len(done) if done else 0
    return {
        "id": course.id,
        "shortname": course.shortname,
        "fullname": course.fullname,
        "displayname": course.fullname,
        "enrolledusercount": len(course.enrolments),
        "idnumber": course.idnumber,
        "visible": int(course.visible),
        "summary": "Test course",
        "summaryformat": 1,
        "format": "topics",
        "courseimage": _image(call, course),
        "showgrades": True,
        "lang": "",
        "enablecompletion": course.enablecompletion,
        "completionhascriteria": bool(course.criteria),
        "completionusertracked": tracked,
        "category": course.category,
        "progress": progress if tracked else None,
        "completed": bool(done) and all(done) if course.enablecompletion else None,
        "startdate": course.startdate,
        "enddate": course.enddate,
        "marker": 0,
        "lastaccess": course.lastaccess.get(userid),
        "isfavourite": False,
        "hidden": False,
        "overviewfiles": [],
        "showactivitydates": False,
        "showcompletionconditions": True,
        "timemodified": course.timemodified,
    }


FUNCTIONS = (get_categories, get_courses_by_field, get_users_courses, search_courses)
