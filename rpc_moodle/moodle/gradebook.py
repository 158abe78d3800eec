"""The gradebook: grade items of a course with everyone's grades, and the totals of a user's courses."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import Field

from rpc_moodle.moodle import errors, local, users
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Known, Name, Row, Text, When
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.allowance import Allowance

_AT_ONCE = 50
"""Users that a plugin is asked about at once, each with a row of a dozen values for each column."""


class GradeItem(Row):
    """A user's grade in one column of the gradebook, as the gradebook shows it.

    ``itemtype`` is ``mod`` for an activity, ``course`` for the total. ``graderaw`` in points between ``grademin``
    and ``grademax``, null for none; ``gradeformatted`` is what people see: points, a letter or a scale's word.
    ``feedback`` is HTML. ``id`` is 0 where a plugin has told the grade, which knows only the activity. Whether it is
    locked or overridden is told to teachers alone (``grades.items.self``).
    """

    id: int
    itemname: Name = ""
    itemtype: str = ""
    itemmodule: Text = ""
    cmid: int | None = None
    graderaw: float | None = None
    grademin: float = 0
    grademax: float = 0
    gradeformatted: Name = ""
    percentageformatted: Name = ""
    lettergradeformatted: Name = ""
    feedback: Text = ""
    gradedategraded: When = None
    gradeishidden: Known = None
    gradeislocked: Known = None
    gradeisoverridden: Known = None


class UserGrades(Row):
    """A user's row of the gradebook."""

    userid: int
    userfullname: Name = ""
    useridnumber: Name = ""
    gradeitems: Several[GradeItem] = ()


class CourseTotal(Row):
    """The total of one course: ``grade`` as people see it, ``rawgrade`` in points, null for none."""

    courseid: int
    grade: Name = ""
    rawgrade: float | None = None


class _Items(Row):
    usergrades: Several[UserGrades] = ()


class OwnGrade(Row):
    """What local_wsfunc tells of a user's grade (``grades.some.teacher``)."""

    userid: int
    grade: float | None
    locked: int
    hidden: int
    overridden: int
    feedback: Text
    dategraded: int | None
    str_grade: Name


class OwnItem(Row):
    """A column of the gradebook in the same answer; ``activityid`` is ``course`` for the total, else the cmid."""

    activityid: Annotated[str, Field(pattern=r"^(course|[0-9]{1,19})$")]
    name: Name
    grademin: float
    grademax: float
    grades: list[OwnGrade]


class OwnItems(Row):
    """What local_wsfunc answers."""

    items: list[OwnItem]


class _Totals(Row):
    grades: Several[CourseTotal] = ()


async def items(moodle: MoodleClient, course_id: int, user_id: int | None = None) -> list[UserGrades]:
    """Return the gradebook of a course: a user's row, or everybody's in one request (``grades.items.all``).

    On a course of 320 everybody's takes Moodle a second. Raises AccessDenied for who may not see them, and any
    other MoodleError.
    """
    params = {"courseid": course_id, "userid": user_id or 0, **moodle.naming}
    try:
        return list((await moodle.call("gradereport_user_get_grade_items", params, into=_Items, fresh=True)).usergrades)
    except errors.FunctionDenied as refusal:
        return await _told_by_plugin(moodle, refusal, course_id, user_id)


async def _told_by_plugin(
    moodle: MoodleClient, refusal: errors.FunctionDenied, course_id: int, user_id: int | None
) -> list[UserGrades]:
    """Ask a plugin's function, which wants to be told whose grades, and gives a row also for who is not enrolled."""
    try:
        wanted = [user_id] if user_id else [row.id async for row in users.enrolled(moodle, course_id)]
    except errors.AccessDenied:
        raise refusal from None
    rows: list[UserGrades] = []
    allowance = Allowance(moodle.http.answers)
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        params: Params = {"courseid": course_id, "userids": part, **moodle.naming}
        answer = await local.instead(moodle, refusal, local.GRADES, params, into=OwnItems, allowance=allowance)
        rows += by_user(answer, part)
    return rows


def by_user(answer: OwnItems, wanted: Sequence[int]) -> list[UserGrades]:
    """Arrange a plugin's columns of users as the gradebook's rows of columns."""
    rows: dict[int, list[GradeItem]] = {user: [] for user in wanted}
    for item in answer.items:
        for grade in item.grades:
            if grade.userid in rows:
                rows[grade.userid].append(_item(item, grade))
    return [UserGrades(userid=user, gradeitems=tuple(items)) for user, items in rows.items()]


def _item(item: OwnItem, grade: OwnGrade) -> GradeItem:
    total = item.activityid == "course"
    return GradeItem.model_validate(
        {
            "id": 0,
            "itemname": "" if total else item.name,
            "itemtype": "course" if total else "mod",
            "cmid": None if total else int(item.activityid),
            "graderaw": grade.grade,
            "grademin": item.grademin,
            "grademax": item.grademax,
            "gradeformatted": grade.str_grade,
            "feedback": grade.feedback,
            "gradedategraded": grade.dategraded,
            "gradeishidden": grade.hidden,
            "gradeislocked": grade.locked,
            "gradeisoverridden": grade.overridden,
        }
    )


async def totals(moodle: MoodleClient, user_id: int | None = None) -> list[CourseTotal]:
    """Return the course totals of a user, of the account itself without an id (``grades.overview.self``).

    Another's need ``moodle/grade:viewall`` for the whole site (``grades.overview.of_student``). Raises MoodleError.
    """
    params = {"userid": user_id or 0}
    return list((await moodle.call("gradereport_overview_get_course_grades", params, into=_Totals, fresh=True)).grades)
