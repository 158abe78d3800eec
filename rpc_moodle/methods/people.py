"""Users as callers read them, in both dialects, with what Moodle withholds as empty strings."""

from collections.abc import Sequence
from typing import NamedTuple

from typing_extensions import TypedDict

from rpc_moodle.moodle.models import EnrolledUser, Role
from rpc_moodle.moodle.text import plain_name


class RoleRow(TypedDict):
    """One role of a user; ``name`` is the custom name, else the shortname; ``rawName`` as Moodle has it, or empty."""

    id: int
    shortname: str
    name: str
    rawName: str


class User(TypedDict):
    """A user: the same values under Moodle's names and under those that current backends read.

    A field that Moodle withholds is ``""``. ``roles`` is a comma-separated list of role names.
    """

    id: int
    username: str
    firstname: str
    lastname: str
    fullname: str
    email: str
    roles: str
    roleList: list[RoleRow]
    extId: int
    userName: str
    firstName: str
    lastName: str


class UserInfo(TypedDict):
    """Who made a submission."""

    firstName: str
    lastName: str
    email: str
    roles: str


_Key = tuple[object, ...]


class _Roles(NamedTuple):
    """The roles of a user, in both forms."""

    names: str
    rows: list[RoleRow]


class People:
    """Users of Moodle's as callers read them, in one language; roles that many have are named once."""

    def __init__(self, language: str | None = None) -> None:
        """Take the language of role names; English without one."""
        self._language = language or "en"
        self._known: dict[_Key, _Roles] = {}

    def user(self, row: EnrolledUser) -> User:
        """Return a user as callers read it."""
        number, username = row.id, row.username or ""
        first, last = row.firstname or "", row.lastname or ""
        names, rows = self._roles(row.roles)
        return {
            "id": number,
            "username": username,
            "firstname": first,
            "lastname": last,
            "fullname": row.fullname or "",
            "email": row.email or "",
            "roles": names,
            "roleList": rows,
            "extId": number,
            "userName": username,
            "firstName": first,
            "lastName": last,
        }

    def _roles(self, roles: Sequence[Role]) -> _Roles:
        """Name roles; those that many users have are looked at once."""
        if len(roles) == 1:  # as nearly all have
            role = roles[0]
            key: _Key = (role.roleid, role.shortname, role.name)
        else:
            key = tuple([(role.roleid, role.shortname, role.name) for role in roles])
        known = self._known.get(key)
        if known is None:
            rows = [self._role(role) for role in roles]
            known = self._known[key] = _Roles(", ".join(row["name"] for row in rows), rows)
        return known

    def _role(self, role: Role) -> RoleRow:
        """Name a role: Moodle leaves the name of a standard role empty, its shortname is always there."""
        shortname, raw = role.shortname or "", role.name or ""
        name = (raw and plain_name(raw, self._language)) or shortname
        return {"id": role.roleid, "shortname": shortname, "name": name, "rawName": raw}

    def info(self, row: EnrolledUser | None) -> UserInfo:
        """Return who made a submission; all empty for a team, for a user who left, and where marking is blind."""
        if row is None:
            return {"firstName": "", "lastName": "", "email": "", "roles": ""}
        return {
            "firstName": row.firstname or "",
            "lastName": row.lastname or "",
            "email": row.email or "",
            "roles": self._roles(row.roles).names,
        }
