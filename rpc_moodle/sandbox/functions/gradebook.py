"""``gradereport_user_get_grade_items``: what stands in the gradebook, as the student sees it."""

from __future__ import annotations

from typing import Any, Final

from rpc_moodle.sandbox.errors import course_not_accessible, grades_not_visible, missing_record
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.functions.users import by_name
from rpc_moodle.sandbox.gradebook import passed
from rpc_moodle.sandbox.params import integer
from rpc_moodle.sandbox.people import GRADE, Course, User
from rpc_moodle.sandbox.texts import name_shown
from rpc_moodle.sandbox.work import Assignment, BookGrade

_ICONS: Final = {True: ("check text-success", "Pass"), False: ("xmark text-danger", "Fail")}
_FLAGS: Final = ("locked", "gradeislocked", "gradeisoverridden")
"""What is null for a student (``grades.items.self``)."""


@function("gradereport_user_get_grade_items", courseid=integer(), userid=integer(0), groupid=integer(0))
def get_grade_items(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List the grades of a user, or with ``userid`` 0 of everybody who may submit (``course.gradebook_all``).

    A user who has neither handed in nor been graded in the course has neither weights nor a status, and feedback of
    format 0 (``team_none.9.before.gradebook``).
    """
    course = call.site.courses.get(params["courseid"])
    if course is None:
        raise missing_record("course")
    if not call.site.can_enter(call.user, course):
        raise course_not_accessible(course.id)
    sees_all = call.site.may(call.user, GRADE, course)
    wanted = params["userid"]
    if not sees_all and wanted != call.user.id:
        raise grades_not_visible()
    if wanted and wanted not in course.enrolments:
        raise grades_not_visible()
    group = course.groups.get(params["groupid"])
    ids = [wanted] if wanted else course.submitters(active=True)
    users = by_name(call.site.users[one] for one in ids if group is None or one in group.members)
    return {"usergrades": [_of_user(call, course, one, sees_all=sees_all) for one in users], "warnings": []}


def _of_user(call: Call, course: Course, user: User, *, sees_all: bool) -> dict[str, Any]:
    inside = [one for one in call.site.assignments.values() if one.courseid == course.id and one.grade]
    graded = [one for one in inside if (row := one.gradebook.get(user.id)) and row.grade is not None]
    total = sum(_range(call, one)[1] for one in graded)
    # The first row of a user makes Moodle add up the course anew, which makes the others, too.
    nothing = BookGrade() if any(user.id in one.gradebook for one in inside) else None
    items = [_of_assignment(call, course, one, one.gradebook.get(user.id, nothing), total) for one in inside]
    items.append(_of_course(call, course, graded or inside, _sum(graded, user.id) or nothing))
    if not sees_all:
        items = [item | dict.fromkeys(_FLAGS) for item in items]
    return {
        "courseid": course.id,
        "courseidnumber": course.idnumber,
        "userid": user.id,
        "userfullname": user.fullname,
        "useridnumber": user.idnumber,
        "maxdepth": 2,
        "gradeitems": items,
    }


def _of_assignment(call: Call, course: Course, one: Assignment, row: BookGrade | None, total: float) -> dict[str, Any]:
    item = {
        "id": one.gradeitem or one.id,
        "itemname": name_shown(one.name, raw=call.raw, filtered=call.filter),
        "itemtype": "mod",
        "itemmodule": "assign",
        "iteminstance": one.id,
        "itemnumber": 0,
        "idnumber": "",
        "categoryid": course.gradecategory,
        "outcomeid": None,
        "scaleid": None,
        "locked": False,
        "cmid": one.cmid,
    }
    low, high = _range(call, one)
    if row is not None:  # the natural weight: the item's share of what the user has been graded for
        weight = 0.0 if row.grade is None else round(high / total, 5)
        item |= {"weightraw": _number(weight), "weightformatted": f"{100 * weight:.2f} %"}
        if row.grade is None:
            item["status"] = "novalue"
    words = [str(low), str(high)]
    if one.grade < 0:
        words = [_word(call, one, low), _word(call, one, high)]
    return item | _values(row, low, high, "&ndash;".join(words)) | {"gradeformatted": _formatted(call, one, row)}


def _sum(graded: list[Assignment], userid: int) -> BookGrade | None:
    """Add up what was graded; without any there is no sum."""
    rows = [one.gradebook[userid] for one in graded]
    if not rows:
        return None
    return BookGrade(sum(row.grade or 0 for row in rows), max(row.dategraded or 0 for row in rows))


def _of_course(call: Call, course: Course, counting: list[Assignment], row: BookGrade | None) -> dict[str, Any]:
    most = sum(_range(call, one)[1] for one in counting)
    item = {"id": course.gradeitem, "itemname": None, "itemtype": "course", "itemmodule": None}
    item |= {"iteminstance": course.gradecategory, "itemnumber": None, "idnumber": None, "categoryid": None}
    item |= {"outcomeid": None, "scaleid": None, "locked": False}
    words = "-" if row is None or row.grade is None else f"{row.grade:.2f}"
    return item | _values(row, 0, most, f"0&ndash;{most}") | {"gradeformatted": words}


def _values(row: BookGrade | None, low: int, high: int, words: str) -> dict[str, Any]:
    value = row.grade if row else None
    share = "-" if value is None else f"{100 * (value - low) / ((high - low) or 1):.2f} %"
    # Not formatted, whatever the call asks for: the function formats a copy (its public source).
    feedback, text_format = (row.feedback, row.feedbackformat) if row else ("", 0)
    return {
        "graderaw": None if value is None else _number(value),
        "gradedatesubmitted": row.datesubmitted if row else None,
        "gradedategraded": row.dategraded if row else None,
        "gradehiddenbydate": False,
        "gradeneedsupdate": False,
        "gradeishidden": bool(row and row.hidden),
        "gradeislocked": bool(row and row.locked),
        "gradeisoverridden": bool(row and row.overridden),
        "grademin": low,
        "grademax": high,
        "rangeformatted": words,
        "percentageformatted": share,
        "feedback": feedback,
        "feedbackformat": text_format,
    }


def _number(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _range(call: Call, one: Assignment) -> tuple[int, int]:
    return (0, one.grade) if one.grade > 0 else (1, len(call.site.scales.get(-one.grade, "?")))


def _word(call: Call, one: Assignment, number: float) -> str:
    scale = call.site.scales.get(-one.grade, [])
    item = scale[int(number) - 1] if 1 <= int(number) <= len(scale) else "-"
    return name_shown(item, raw=False, filtered=call.filter)


def _formatted(call: Call, one: Assignment, row: BookGrade | None) -> str:
    """Give the grade with Moodle's icon of pass or fail, where there is a pass mark (``untilpass.*``)."""
    if row is None or row.grade is None:
        return "-"
    if one.grade < 0:
        return _word(call, one, row.grade)
    is_pass = passed(one, row)
    if is_pass is None:
        return f"{row.grade:.2f}"
    icon, name = _ICONS[is_pass]
    if call.site.release == "4.4":
        icon = icon.replace("xmark", "times")
    about = f'title="{name}" role="img" aria-label="{name}"'
    return f'<i class="icon fa fa-{icon} fa-fw inline"  {about}></i>{row.grade:.2f}'


FUNCTIONS = (get_grade_items,)
