"""``core_user_get_users``, ``core_user_get_users_by_field`` and ``core_user_get_course_user_profiles``."""

from __future__ import annotations

import re
from typing import Any, Final

from rpc_moodle.sandbox.errors import MoodleError, invalid_parameter
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.functions.users import Viewer
from rpc_moodle.sandbox.params import Many, Struct, integer, text
from rpc_moodle.sandbox.people import VIEW_DETAILS, Course, User

_EXACT: Final = frozenset({"id", "idnumber", "username", "auth"})
_KEYS: Final = _EXACT | {"lastname", "firstname", "email"}
_FIELDS: Final = frozenset({"id", "idnumber", "username", "email"})


@function("core_user_get_users", criteria=Many(Struct({"key": text(), "value": text()})))
def get_users(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Search the site (``users.get.*``): unknown keys are a warning, and nothing then narrows the search."""
    wanted = [one for one in params["criteria"] if one["key"] in _KEYS]
    warnings = [
        {
            "item": one["key"],
            "warningcode": "invalidfieldparameter",
            "message": f"The search key '{one['key']}' is not supported, look at the web service documentation",
        }
        for one in params["criteria"]
        if one["key"] not in _KEYS
    ]
    found = []
    for _, user in sorted(call.site.users.items()):
        shown = _shown(call, user)
        if shown and all(_fits(user, one["key"], one["value"]) and one["key"] in shown for one in wanted):
            found.append(shown)
    return {"users": found, "warnings": warnings}


def _fits(user: User, key: str, value: str) -> bool:
    own = _value(user, key)
    if key in _EXACT:
        return own == value
    pattern = "".join(".*" if part == "%" else re.escape(part) for part in re.split("(%)", value))
    return re.fullmatch(pattern, own, re.IGNORECASE | re.DOTALL) is not None


def _value(user: User, key: str) -> str:
    return "manual" if key == "auth" else str(getattr(user, key))


def _shown(call: Call, user: User) -> dict[str, Any] | None:
    """Give a user as the caller sees him: administrators all, others themselves and those of their courses."""
    if call.user.admin or user.id == call.user.id:
        return _whole(call, user, named=call.user.admin)
    for course in _shared(call, user):
        if call.site.may(call.user, VIEW_DETAILS, course):
            return part(call, user)
    shared = _shared(call, user)
    return {key: value for key, value in part(call, user).items() if key not in _NAMES} if shared else None


_NAMES: Final = frozenset({"firstname", "lastname"})


def _shared(call: Call, user: User) -> list[Course]:
    """Give the courses in which both are actively enrolled."""
    mine = {course.id for course in call.site.courses_of(call.user.id)}
    return [course for course in call.site.courses_of(user.id) if course.id in mine]


def part(call: Call, user: User) -> dict[str, Any]:
    """Give a user as a teacher of his sees him."""
    shown: dict[str, Any] = {"id": user.id, "firstname": user.firstname, "lastname": user.lastname}
    shown["fullname"] = user.fullname
    if not user.email_hidden or call.user.admin or _sees_details(call, user):
        shown["email"] = user.email
    return shown | common(call, user)


def _sees_details(call: Call, user: User) -> bool:
    return any(call.site.may(call.user, VIEW_DETAILS, course) for course in _shared(call, user))


def common(call: Call, user: User) -> dict[str, Any]:
    """Give what everybody sees of a user who may see him at all."""
    pictures = {"profileimageurlsmall": f"{call.picture}f2", "profileimageurl": f"{call.picture}f1"}
    return {"firstaccess": 0, "lastaccess": 0, "suspended": user.suspended, "timezone": "99"} | pictures


def _whole(call: Call, user: User, *, named: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": user.id, "username": user.username, "fullname": user.fullname, "email": user.email}
    if named:
        shown |= {"firstname": user.firstname, "lastname": user.lastname}
    shown |= {"department": "", "auth": "manual", "confirmed": True, "lang": "en", "theme": "", "mailformat": 1}
    shown |= {"trackforums": 0} | common(call, user)
    if user.idnumber:
        shown["idnumber"] = user.idnumber
    if user.description:
        shown |= {"description": user.description, "descriptionformat": 1}
    if user.id == call.user.id:
        loaded = call.site.seeded
        shown["preferences"] = [
            {"name": "_lastloaded", "value": loaded},
            {"name": "last_time_enrolments_synced", "value": str(loaded)},
        ]
    return shown


@function("core_user_get_users_by_field", field=text(), values=Many(text()))
def get_users_by_field(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Find users by exact values (``users.field.*``); a user name with capitals is none."""
    name = params["field"]
    if name not in _FIELDS:
        message = "Coding error detected, it must be fixed by a programmer: invalid field parameter"
        raise MoodleError("coding_exception", "codingerror", message)
    if name == "username" and any(value != value.lower() for value in params["values"]):
        raise invalid_parameter()
    wanted = {value.casefold() for value in params["values"]}
    found = (user for _, user in sorted(call.site.users.items()) if _value(user, name).casefold() in wanted)
    return [shown for user in found if (shown := _shown(call, user)) is not None and name in shown]


@function("core_user_get_course_user_profiles", userlist=Many(Struct({"userid": integer(), "courseid": integer()})))
def get_course_user_profiles(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Describe users in a course each (``users.profiles.*``); those who cannot be seen are left out."""
    found = []
    for one in params["userlist"]:
        course, user = call.site.courses.get(one["courseid"]), call.site.users.get(one["userid"])
        if course is None or user is None or not call.site.can_enter(call.user, course):
            continue
        place, shown = course.enrolments.get(user.id), _shown(call, user)
        if place is None or shown is None:
            continue
        viewer = Viewer(call, course)
        found.append(shown | {"roles": viewer.roles(place), "enrolledcourses": viewer.courses(user.id)})
    return found


FUNCTIONS = (get_course_user_profiles, get_users, get_users_by_field)
