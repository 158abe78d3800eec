"""The gradebook: grade items of a course with everyone's grades, and the totals of a user's courses."""

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Known, Name, Row, Text, When


class GradeItem(Row):
    """A user's grade in one column of the gradebook, as the gradebook shows it.

    ``itemtype`` is ``mod`` for an activity, ``course`` for the total. ``graderaw`` in points between ``grademin``
    and ``grademax``, null for none; ``gradeformatted`` is what people see: points, a letter or a scale's word.
    ``feedback`` is HTML. Whether it is locked or overridden is told to teachers alone (``grades.items.self``).
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


class _Totals(Row):
    grades: Several[CourseTotal] = ()


async def items(moodle: MoodleClient, course_id: int, user_id: int | None = None) -> list[UserGrades]:
    """Return the gradebook of a course: a user's row, or everybody's in one request (``grades.items.all``).

    On a course of 320 everybody's takes Moodle a second. Raises AccessDenied for who may not see them, and any
    other MoodleError.
    """
    params = {"courseid": course_id, "userid": user_id or 0, **moodle.naming}
    return list((await moodle.call("gradereport_user_get_grade_items", params, into=_Items, fresh=True)).usergrades)


async def totals(moodle: MoodleClient, user_id: int | None = None) -> list[CourseTotal]:
    """Return the course totals of a user, of the account itself without an id (``grades.overview.self``).

    Another's need ``moodle/grade:viewall`` for the whole site (``grades.overview.of_student``). Raises MoodleError.
    """
    params = {"userid": user_id or 0}
    return list((await moodle.call("gradereport_overview_get_course_grades", params, into=_Totals, fresh=True)).grades)
