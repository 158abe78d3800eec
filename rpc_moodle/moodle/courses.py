"""Courses: a user's, those of a category and all below it, by a field, by a search."""

from typing import Annotated, Literal

from pydantic import AliasChoices, Field

from rpc_moodle.moodle import errors, local, site
from rpc_moodle.moodle.categories import CategoryRow, categories
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Known, Name, Row, When
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.allowance import Allowance
from rpc_moodle.transport.gather import together

CourseField = Literal["id", "ids", "shortname", "idnumber", "category"]
"""What courses can be found by; ``ids`` are several ids with commas between them."""

_PAGE = 100

_AT_ONCE = 50
"""Categories that are asked about side by side: a site may list any number."""


class CourseRow(Row):
    """A course.

    ``visible`` is null and the dates are 0 where the account may not enter; ``idnumber`` is for those who manage.
    """

    id: int
    shortname: Name = ""
    fullname: Name = ""
    idnumber: Name = ""
    categoryid: Annotated[int, Field(validation_alias=AliasChoices("categoryid", "category"))] = 0
    visible: Known = None
    startdate: When = None
    enddate: When = None
    timemodified: When = None


class UserCourse(CourseRow):
    """A course that a user is enrolled in; ``progress`` in percent, null where completion is not tracked.

    ``lastaccess`` is 0 for a course never visited (``courses.of_user``).
    """

    enrolledusercount: int | None = None
    progress: float | None = None
    completed: Known = None
    lastaccess: When = None


class _OwnCourse(UserCourse):
    """What local_wsfunc tells of a user's course (``courses.of_user.teacher``)."""

    shortname: Name
    fullname: Name
    idnumber: Name
    visible: Known
    enrolledusercount: int


class _VisibleCourse(CourseRow):
    """What local_wsfunc tells of a category's course (``visible.sci.teacher``)."""

    shortname: Name
    fullname: Name
    categoryid: Annotated[int, Field(validation_alias="category")]


class _Visible(Row):
    courses: list[_VisibleCourse]


class _Courses(Row):
    courses: Several[CourseRow] = ()
    total: int = 0


async def of_user(moodle: MoodleClient, user_id: int | None = None) -> list[UserCourse]:
    """Return the courses of a user's active enrolments; of the account's own without an id.

    Of another user those come that the account may enter itself (``courses.of_user``).

    A plugin's function tells it where Moodle's own may not be called, without progress, dates and last access.

    Raises MoodleError; AccessDenied for one's own courses where the token may not ask who it is.
    """
    user_id = user_id or (await site.info(moodle)).userid
    params: Params = {"userid": user_id, **moodle.naming}
    try:
        return await moodle.call("core_enrol_get_users_courses", params, into=list[UserCourse])
    except errors.FunctionDenied as refusal:
        return list(await local.instead(moodle, refusal, local.COURSES, params, into=list[_OwnCourse]))


async def by_field(
    moodle: MoodleClient, field: CourseField, value: str | int, *, allowance: Allowance | None = None
) -> list[CourseRow]:
    """Return the courses whose field has exactly this value, also such as the account is not enrolled in.

    Hidden ones are left out for who may not see them (``courses.field.*``). ``allowance`` is what several such
    questions share. Raises MoodleError.
    """
    params: Params = {"field": field, "value": value, **moodle.naming}
    function = "core_course_get_courses_by_field"
    return list((await moodle.call(function, params, into=_Courses, allowance=allowance)).courses)


async def search(moodle: MoodleClient, text: str) -> list[CourseRow]:
    """Return the courses in whose names or summaries the words occur, page by page. Raises MoodleError."""
    found: dict[int, CourseRow] = {}
    allowance = Allowance(moodle.http.answers)
    page = 0
    while True:
        params: Params = {"criterianame": "search", "criteriavalue": text, "page": page, "perpage": _PAGE}
        params = {**params, **moodle.naming}
        answer = await moodle.call("core_course_search_courses", params, into=_Courses, allowance=allowance)
        allowance.take_page(len(answer.courses))
        fresh = [course for course in answer.courses if course.id not in found]
        found.update((course.id, course) for course in fresh)
        if not fresh or len(found) >= answer.total:
            return list(found.values())
        page += 1


async def below(moodle: MoodleClient, category_id: int) -> tuple[list[CategoryRow], list[CourseRow]]:
    """Return a category with all below it, and the courses in any of them that the account may know of.

    Raises NotFound for a category that is not there or hidden, and any other MoodleError.
    """
    found = await categories(moodle, category_id)
    return found, await _of_categories(moodle, found, category_id)


async def inside(moodle: MoodleClient, category_id: int) -> list[CourseRow]:
    """Return the courses of a category and of all below it, also where a token may not list categories.

    Raises as :func:`below`.
    """
    try:
        found = await categories(moodle, category_id)
    except errors.FunctionDenied as refusal:
        return await _visible(moodle, refusal, category_id)
    return await _of_categories(moodle, found, category_id)


async def _of_categories(moodle: MoodleClient, found: list[CategoryRow], top: int) -> list[CourseRow]:
    allowance = Allowance(moodle.http.answers)
    courses: list[CourseRow] = []
    try:
        for start in range(0, len(found), _AT_ONCE):
            wave = found[start : start + _AT_ONCE]
            answers = await together(by_field(moodle, "category", each.id, allowance=allowance) for each in wave)
            courses += [course for each in answers for course in each]
    except errors.FunctionDenied as refusal:
        return await _visible(moodle, refusal, top)
    return courses


async def _visible(moodle: MoodleClient, refusal: errors.FunctionDenied, category_id: int) -> list[CourseRow]:
    """Ask a plugin's function, which breaks where there is no course at all (``visible.empty``)."""
    params: Params = {"cat": category_id, **moodle.naming}
    try:
        return list((await local.instead(moodle, refusal, local.VISIBLE, params, into=_Visible)).courses)
    except errors.AccessDenied as strange:
        if "ksort()" in str(strange):
            return []
        raise
