"""Users as callers read them, in both dialects, with what Moodle withholds as empty strings."""

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


class People:
    """Users of Moodle's as callers read them, in one language; a role that many have is named once."""

    def __init__(self, language: str | None = None) -> None:
        """Take the language of role names; English without one."""
        self._language = language or "en"
        self._roles: dict[tuple[int, str, str], RoleRow] = {}

    def user(self, row: EnrolledUser) -> User:
        """Return a user as callers read it."""
        username, first, last = row.get("username") or "", row.get("firstname") or "", row.get("lastname") or ""
        roles = [self._role(each) for each in row.get("roles") or ()]
        return {
            "id": row["id"],
            "username": username,
            "firstname": first,
            "lastname": last,
            "fullname": row.get("fullname") or "",
            "email": row.get("email") or "",
            "roles": ", ".join(each["name"] for each in roles),
            "roleList": roles,
            "extId": row["id"],
            "userName": username,
            "firstName": first,
            "lastName": last,
        }

    def _role(self, row: Role) -> RoleRow:
        """Name a role: Moodle leaves the name of a standard role empty, its shortname is always there."""
        key = row.get("roleid", 0), row.get("shortname") or "", row.get("name") or ""
        known = self._roles.get(key)
        if known is None:
            number, shortname, raw = key
            name = (raw and plain_name(raw, self._language)) or shortname
            known = self._roles[key] = {"id": number, "shortname": shortname, "name": name, "rawName": raw}
        return known

    def info(self, row: EnrolledUser | None) -> UserInfo:
        """Return who made a submission; all empty for a team, for a user who left, and where marking is blind."""
        if row is None:
            return {"firstName": "", "lastName": "", "email": "", "roles": ""}
        shown = self.user(row)
        return {key: shown[key] for key in ("firstName", "lastName", "email", "roles")}  # type: ignore[return-value]
