"""The users of a course, page by page: a course can have ten thousand."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from typing_extensions import TypedDict

from rpc_moodle.moodle import errors, local
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Enrolled, EnrolledUser
from rpc_moodle.transport.allowance import Allowance
from rpc_moodle.transport.gather import together

USER_FIELDS = "id,username,firstname,lastname,fullname,email,roles"

_LOOKED_AT = 100
"""Users of a page that are looked at."""

_FEW = 10
"""Students whom an account could see that may not see all: itself, and whom it mentors."""

Row = TypeVar("Row", bound=Enrolled)

PAGE = 1000
"""Users of one request; 2,000 with few fields take Moodle a second (``users.course.userfields``)."""
WAVE = 4
"""Pages side by side after the first; a site's PHP workers are few."""


async def enrolled(
    moodle: MoodleClient, course_id: int, *, with_capability: str | None = None, only_active: bool = False
) -> AsyncIterator[EnrolledUser]:
    """List the users of a course in the order of their ids, suspended enrolments included by default.

    Raises NotFound or AccessDenied for a course that the account cannot see.
    """
    asked = Selection(with_capability, only_active=only_active)
    async for rows in pages(moodle, course_id, list[EnrolledUser], asked.options()):
        for user in rows:
            yield user


Field = Literal[
    "idnumber", "institution", "department", "city", "country", "phone1", "phone2", "lastaccess", "lastcourseaccess"
]
"""What else Moodle tells of a user where the account may know it."""


class DetailedUser(EnrolledUser):
    """A user with further fields; times in Unix seconds, 0 for never."""

    idnumber: str | None = None
    institution: str | None = None
    department: str | None = None
    city: str | None = None
    country: str | None = None
    phone1: str | None = None
    phone2: str | None = None
    lastaccess: int | None = None
    lastcourseaccess: int | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """Which users of a course, with which fields, in which order; by name is surname, first name, id."""

    with_capability: str | None = None
    group_id: int | None = None
    only_active: bool = False
    fields: tuple[Field, ...] = ()
    by_name: bool = False

    def options(self) -> dict[str, str | int]:
        """Return the options of Moodle's function."""
        options: dict[str, str | int] = {"userfields": ",".join((USER_FIELDS, *self.fields))}
        if self.with_capability:
            options["withcapability"] = self.with_capability
        if self.group_id:
            options["groupid"] = self.group_id
        if self.only_active:
            options["onlyactive"] = 1
        if self.by_name:
            options["sortby"] = "siteorder"
        return options


def selected(moodle: MoodleClient, course_id: int, asked: Selection) -> AsyncIterator[list[DetailedUser]]:
    """List the users of a course that are asked for, page by page.

    Raises as :func:`enrolled`, and AccessDenied where the account may not select by capability or enrolment.
    """
    return pages(moodle, course_id, list[DetailedUser], asked.options())


async def page(moodle: MoodleClient, course_id: int, asked: Selection, *, number: int, size: int) -> list[DetailedUser]:
    """Return one page of them, the first is 0; users whom the account may not see make it short.

    Raises as :func:`selected`.
    """
    options = {**asked.options(), "limitfrom": number * size, "limitnumber": size}
    return await _page(moodle, course_id, list[DetailedUser], options, number, Allowance(moodle.http.answers))


class Access(Enrolled):
    """When a user was last on the site and in the course, in Unix seconds; 0 for never."""

    lastaccess: int | None = None
    lastcourseaccess: int | None = None


async def last_access(
    moodle: MoodleClient, course_id: int, user_ids: Sequence[int] | None = None
) -> AsyncIterator[list[Access]]:
    """Return page by page when the users of a course were there, all or those with these ids, in their order.

    Where Moodle's own function may not be called, a plugin's tells of each named user, whether enrolled or not, when
    he was on the site (``access.*``); who is not told of is left out.

    Raises as :func:`enrolled`.
    """
    wanted = None if user_ids is None else frozenset(user_ids)
    try:
        async for rows in pages(moodle, course_id, list[Access], {"userfields": "id,lastaccess,lastcourseaccess"}):
            yield [row for row in rows if wanted is None or row.id in wanted]
    except errors.FunctionDenied as refusal:
        if wanted is None:
            raise
        told = await together(_told_by_plugin(moodle, refusal, user) for user in sorted(wanted))
        yield [seen for seen in told if seen is not None]


class _OnSite(TypedDict):
    lastaccess: int


async def _told_by_plugin(moodle: MoodleClient, refusal: errors.FunctionDenied, user_id: int) -> Access | None:
    try:
        answer = await local.instead(moodle, refusal, local.LAST_ACCESS, {"userid": user_id}, into=_OnSite)
    except (errors.CapabilityDenied, errors.NotFound):
        return None
    return Access(user_id, lastaccess=answer["lastaccess"])


async def pages(
    moodle: MoodleClient, course_id: int, into: type[list[Row]], options: Mapping[str, str | int]
) -> AsyncIterator[list[Row]]:
    """List the users of a course, in the order of their ids unless ``options`` of the function say otherwise.

    They come page by page, since to hand on each by itself takes as long as to write it.

    The first page is asked for alone, since two requests at once collide where an account is new: Moodle notes its
    preferences twice (``dmlwriteexception``). The others are fetched side by side, the second alone where the first
    is short. A short page is the end where it shows students; elsewhere an empty one is, since users whom the caller
    may not see make a page short. A site that ignores paging ends it by repeating itself.

    Raises MoodleError; NotFound or AccessDenied for a course that the account cannot see; AnswerTooLarge.
    """
    seen: set[int] = set()
    allowance = Allowance(moodle.http.answers)
    page, wave = 0, 1
    while True:
        calls = (_page(moodle, course_id, into, options, number, allowance) for number in range(page, page + wave))
        for rows in await together(calls):
            allowance.take_page(len(rows))
            fresh = [row for row in rows if row.id not in seen] if seen else rows
            seen.update([row.id for row in fresh])
            if fresh and moodle.listed is not None:
                await moodle.listed(len(seen))
            yield fresh
            if not fresh or (len(rows) < PAGE and shows_everyone(rows)):
                return
        page, wave = page + wave, WAVE if page or len(seen) >= PAGE else 1


def shows_everyone(rows: list[Row]) -> bool:
    """Tell whether nobody can be missing from a page: most of its newest users are students, and not just a few.

    Moodle shows all users of a course to whoever may view details there (``moodle/user:viewdetails``), and to all
    others only themselves, those whom they mentor, and the contacts of courses, who teach.
    """
    newest = rows[-_LOOKED_AT:]
    students = 0
    for row in newest:
        students += len(row.roles) > 0 and all(role.shortname == "student" for role in row.roles)
    return students > _FEW and 2 * students > len(newest)


async def _page(  # noqa: PLR0913, PLR0917 - which page of what, and what may be taken of it
    moodle: MoodleClient,
    course_id: int,
    into: type[list[Row]],
    options: Mapping[str, str | int],
    number: int,
    allowance: Allowance,
) -> list[Row]:
    function = "core_enrol_get_enrolled_users"
    paging: dict[str, str | int] = {
        "sortby": "id",
        "sortdirection": "ASC",
        "limitfrom": number * PAGE,
        "limitnumber": PAGE,
        **options,
    }
    try:
        return await moodle.call(
            function,
            {
                "courseid": course_id,
                **moodle.naming,
                "options": [{"name": name, "value": value} for name, value in paging.items()],
            },
            into=into,
            allowance=allowance,
        )
    except errors.NotFound:
        raise errors.NotFound(f"There is no course {course_id} on this site.", function=function) from None
    except errors.EnrolmentDenied:
        raise errors.EnrolmentDenied(
            f"The account of the API key is not enrolled in course {course_id}, or the course is hidden from it.",
            function=function,
        ) from None
