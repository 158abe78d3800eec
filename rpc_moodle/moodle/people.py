"""Users across the site: found by a field, searched for, and as they are in a course."""

import re
from collections.abc import Mapping, Sequence
from fnmatch import translate
from typing import Annotated, Literal

from pydantic import AfterValidator

from rpc_moodle.moodle import errors, local
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import EnrolledUser, Flag, Several
from rpc_moodle.moodle.reading import Record
from rpc_moodle.moodle.values import Row
from rpc_moodle.moodle.wire import Params

UserField = Literal["id", "username", "email", "idnumber"]
"""What users can be found by, with exact values."""

SearchKey = Literal["id", "username", "email", "idnumber", "firstname", "lastname", "auth"]
"""What users can be searched by; ``firstname``, ``lastname`` and ``email`` take ``%`` for any characters."""

_PATTERNS = frozenset({"firstname", "lastname", "email"})
_KEYS = frozenset({"id", "username", "email", "idnumber", "firstname", "lastname", "auth"})


class CourseOfUser(Record):
    """A course that is named beside a user."""

    id: int = 0
    fullname: str = ""
    shortname: str = ""


class Person(EnrolledUser):
    """A user of the site; of other people's accounts most is withheld (``users.get.email.teacher``)."""

    idnumber: str | None = None
    suspended: Flag = False
    enrolledcourses: Several[CourseOfUser] = ()


def _named(person: Person) -> Person:
    if person.fullname is None:
        raise ValueError("should be a user with a name")
    return person


_Named = Annotated[Person, AfterValidator(_named)]
"""What local_wsfunc tells of a user, at least (``partner.users.partner``)."""


class _Found(Row):
    users: Several[Person] = ()


def check_criteria(criteria: Mapping[str, str]) -> None:
    """Refuse a search that would bring every user of the site, before anything is sent.

    An unknown key is ignored by Moodle, and ``%`` fits everybody (``users.get.bad``, ``users.get.all``).

    Raises InvalidArgument.
    """
    if not criteria:
        raise errors.InvalidArgument("Say what to search for: without criteria every user of the site would come.")
    for key, value in criteria.items():
        if key not in _KEYS:
            raise errors.InvalidArgument(f"Users cannot be searched by that; the keys are {', '.join(sorted(_KEYS))}.")
        if not value.strip("%_ \t\n"):
            raise errors.InvalidArgument(f"{key} has to hold more than wildcards: every user of the site would come.")
        if key == "username":
            check_username(value)


def check_username(value: str) -> None:
    """Refuse a user name with capitals: Moodle has none, and answers ``invalidparameter`` (``users.field.username``).

    Raises InvalidArgument.
    """
    if value != value.lower():
        raise errors.InvalidArgument("A user name in Moodle has no capital letters; write it as it is stored.")


async def search(moodle: MoodleClient, criteria: Mapping[str, str]) -> list[Person]:
    """Return the users that fit all criteria, of those whom the account may see.

    Whoever's field is hidden from the account cannot be found by it (``users.field.idnumber.teacher``). Where Moodle's
    own function may not be called, those are searched whom a plugin tells of: the users of a partner.

    Raises InvalidArgument (see :func:`check_criteria`) and any other MoodleError.
    """
    check_criteria(criteria)
    params: Params = {"criteria": [{"key": key, "value": value} for key, value in criteria.items()]}
    try:
        return list((await moodle.call("core_user_get_users", params, into=_Found)).users)
    except errors.FunctionDenied as refusal:
        known = await local.instead(moodle, refusal, local.USERS, {}, into=list[_Named])
    return [person for person in known if all(fits(person, key, value) for key, value in criteria.items())]


async def by_field(moodle: MoodleClient, field: UserField, values: Sequence[str | int]) -> list[Person]:
    """Return the users whose field has one of these values, of those whom the account may see.

    Raises InvalidArgument for a user name with capitals, and any other MoodleError.
    """
    if field == "username":
        for value in values:
            check_username(str(value))
    if not values:
        return []
    params: Params = {"field": field, "values": values}
    try:
        return await moodle.call("core_user_get_users_by_field", params, into=list[Person])
    except errors.FunctionDenied as refusal:
        known = await local.instead(moodle, refusal, local.USERS, {}, into=list[_Named])
    wanted = {str(value).casefold() for value in values}
    return [person for person in known if str(getattr(person, field) or "").casefold() in wanted]


def fits(person: Person, key: str, value: str) -> bool:
    """Tell whether a user fits a criterion as Moodle compares: ``%`` and ``_`` stand for others in names and e-mail.

    What is withheld fits nothing.
    """
    own = getattr(person, key, None)
    if own in (None, ""):
        return False
    if key not in _PATTERNS:
        return str(own).casefold() == value.casefold()
    wild = {"%": "*", "_": "?"}
    pattern = "".join(wild.get(each) or (f"[{each}]" if each in "*?[" else each) for each in value)
    written = translate(pattern)  # so that it takes little time, however many wildcards there are
    return re.match(written, str(own), re.IGNORECASE) is not None


async def profiles(moodle: MoodleClient, course_id: int, user_ids: Sequence[int]) -> list[Person]:
    """Return users as they are in a course, with their roles there and the courses shared with the account.

    Who is not enrolled there, or cannot be seen, is left out (``users.profiles.teacher``). Raises MoodleError.
    """
    if not user_ids:
        return []
    params: Params = {"userlist": [{"userid": each, "courseid": course_id} for each in user_ids]}
    return await moodle.call("core_user_get_course_user_profiles", params, into=list[Person])
