"""Users as callers read them, in both dialects, with what Moodle withholds as empty strings."""

from typing_extensions import TypedDict

from rpc_moodle.moodle.models import EnrolledUser, Role
from rpc_moodle.moodle.text import plain_name


class RoleRow(TypedDict):
    """One role of a user; ``name`` is the custom name, else the shortname."""

    id: int
    shortname: str
    name: str


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


def user(row: EnrolledUser) -> User:
    """Show a user of Moodle's as callers read it."""
    username, first, last = row.get("username") or "", row.get("firstname") or "", row.get("lastname") or ""
    roles = [role(each) for each in row.get("roles") or ()]
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


def role(row: Role) -> RoleRow:
    """Name a role: Moodle leaves the name of a standard role empty, its shortname is always there."""
    shortname = row.get("shortname") or ""
    name = row.get("name") or ""
    return {"id": row.get("roleid", 0), "shortname": shortname, "name": (name and plain_name(name)) or shortname}


def user_info(row: EnrolledUser | None) -> UserInfo:
    """Show who made a submission; all empty for a team, for a user who left, and where marking is blind."""
    if row is None:
        return {"firstName": "", "lastName": "", "email": "", "roles": ""}
    shown = user(row)
    return {key: shown[key] for key in ("firstName", "lastName", "email", "roles")}  # type: ignore[return-value]
