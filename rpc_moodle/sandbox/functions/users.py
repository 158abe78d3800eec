"""``core_enrol_get_enrolled_users``, and how a user looks to another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rpc_moodle.sandbox.errors import invalid_parameter, no_permission
from rpc_moodle.sandbox.functions.base import Call, entered, function
from rpc_moodle.sandbox.params import Many, Struct, integer, letters, text
from rpc_moodle.sandbox.people import CAPABILITY_NAMES, REVIEW_ROLES, VIEW_DETAILS, Course, Enrolment, User

_SORTS = ("id", "firstname", "lastname", "siteorder")


@function(
    "core_enrol_get_enrolled_users",
    courseid=integer(),
    options=Many(Struct({"name": letters(), "value": text()}), []),
)
def get_enrolled_users(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List who is enrolled (``users.course.*``); option names it does not know are ignored."""
    course = entered(call, params["courseid"])
    options = {option["name"]: option["value"] for option in params["options"]}
    places = _selected(call, course, options)
    places = _sorted(call, places, options.get("sortby", "id"), options.get("sortdirection", "ASC"))
    start = _whole(options.get("limitfrom", "0"))
    count = _whole(options.get("limitnumber", "0"))
    fields = {name.strip() for name in options.get("userfields", "").split(",") if name.strip()}
    viewer = Viewer(call, course)
    return [viewer.show(place, fields) for place in places[start : start + count if count else None]]


def by_name(users: Iterable[User]) -> list[User]:
    """Order users as the gradebook and lists of participants do: by last name, then first name."""
    return sorted(users, key=lambda user: (user.lastname.casefold(), user.firstname.casefold(), user.id))


def _whole(value: str) -> int:
    if not value.isdecimal():
        raise invalid_parameter()
    return int(value)


def _selected(call: Call, course: Course, options: dict[str, str]) -> list[Enrolment]:
    """Apply ``onlyactive``, ``groupid`` and ``withcapability``."""
    places = [course.enrolments[userid] for userid in sorted(course.enrolments)]
    if options.get("onlyactive", "0") == "1":
        places = [place for place in places if place.active]
    if group_id := _whole(options.get("groupid", "0")):
        group = course.groups.get(group_id)
        members = set(group.members) if group else set()
        places = [place for place in places if place.userid in members]
    if wanted := options.get("withcapability", ""):
        if not call.site.may(call.user, REVIEW_ROLES, course):
            raise no_permission(REVIEW_ROLES)
        capability = CAPABILITY_NAMES.get(wanted, wanted)
        places = [place for place in places if place.may(capability)]
    return places


def _sorted(call: Call, places: list[Enrolment], by: str, direction: str) -> list[Enrolment]:
    if by not in _SORTS or direction.upper() not in {"ASC", "DESC"}:
        raise invalid_parameter()
    users = call.site.users
    if by != "id":
        first = "firstname" if by == "firstname" else "lastname"
        places = sorted(places, key=lambda place: (getattr(users[place.userid], first).casefold(), place.userid))
    return places[::-1] if direction.upper() == "DESC" else places


class Viewer:
    """Shows the users of a course to the caller: names, e-mails and the rest only where they may be seen."""

    def __init__(self, call: Call, course: Course) -> None:
        """Note once what the caller may see in the course."""
        self.call = call
        self.course = course
        self.sees_details = call.site.may(call.user, VIEW_DETAILS, course)
        self.groups: dict[int, list[dict[str, Any]]] = {}
        for group in course.groups.values():
            shown = {
                "id": group.id,
                "name": group.name,
                "description": f'<div class="text_to_html">{group.description}</div>',
                "descriptionformat": 0,
            }
            for userid in group.members:
                self.groups.setdefault(userid, []).append(shown)

    def show(self, place: Enrolment, wanted: set[str]) -> dict[str, Any]:
        """Give a user's fields, ``wanted`` ones or all; ``id`` and ``fullname`` are always there."""
        user = self.call.site.users[place.userid]
        itself = user.id == self.call.user.id
        everything = itself or self.call.user.admin
        shown: dict[str, Any] = {"id": user.id}
        if everything:
            shown["username"] = user.username
        if self.sees_details:
            shown |= {"firstname": user.firstname, "lastname": user.lastname}
        shown["fullname"] = user.fullname
        if everything or self.sees_details or not user.email_hidden:
            shown["email"] = user.email
        if wanted and wanted <= _CHEAP:
            if "roles" in wanted:
                shown["roles"] = self.roles(place)
        else:
            shown |= self._costly(place, user, everything=everything)
        if wanted:
            return {name: value for name, value in shown.items() if name in wanted or name in {"id", "fullname"}}
        return shown

    def _costly(self, place: Enrolment, user: User, *, everything: bool) -> dict[str, Any]:
        shown: dict[str, Any] = {"department": ""} if everything else {}
        if everything and user.idnumber:
            shown["idnumber"] = user.idnumber
        shown |= {"firstaccess": 0, "lastaccess": 0, "lastcourseaccess": 0} | self.pictures()
        if user.id in self.groups:
            shown["groups"] = self.groups[user.id]
        shown["roles"] = self.roles(place)
        if everything and user.id == self.call.user.id:
            loaded = self.call.site.seeded
            shown["preferences"] = [
                {"name": "_lastloaded", "value": loaded},
                {"name": "last_time_enrolments_synced", "value": str(loaded)},
            ]
        shown["enrolledcourses"] = self.courses(user.id)
        return shown

    def roles(self, place: Enrolment) -> list[dict[str, Any]]:
        """Give the roles in the course, names empty for the standard ones."""
        roles = (self.call.site.roles[name] for name in place.roles)
        return [{"roleid": r.id, "name": r.name, "shortname": r.shortname, "sortorder": 0} for r in roles]

    def pictures(self) -> dict[str, str]:
        """Give the addresses of the user's picture."""
        picture = self.call.picture
        return {"profileimageurlsmall": f"{picture}f2", "profileimageurl": f"{picture}f1"}

    def courses(self, userid: int) -> list[dict[str, Any]]:
        """Give the courses that a user is actively enrolled in."""
        return [
            {"id": course.id, "fullname": course.fullname, "shortname": course.shortname}
            for course in self.call.site.courses_of(userid)
        ]


_CHEAP = frozenset({"id", "username", "firstname", "lastname", "fullname", "email", "roles"})

FUNCTIONS = (get_enrolled_users,)
