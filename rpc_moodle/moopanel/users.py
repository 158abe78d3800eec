"""The users of a site."""

from collections.abc import Sequence
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from rpc_moodle.moopanel import errors
from rpc_moodle.moopanel.client import PanelClient
from rpc_moodle.moopanel.models import PanelUser, PanelUsers, UserColumn, UsersOnline
from rpc_moodle.moopanel.values import Number, Rows

DEFAULT_FIELDS: tuple[UserColumn, ...] = ("id", "username", "firstname", "lastname", "email", "suspended", "lastaccess")


class _Users(TypedDict):
    number_of_users: NotRequired[Number]
    users: Rows[PanelUser]


class _Count(TypedDict):
    number_of_users: NotRequired[Number]


class _User(TypedDict):
    user: PanelUser


async def users(
    panel: PanelClient, *, search: str = "", sort: str = "", fields: Sequence[UserColumn] = DEFAULT_FIELDS
) -> PanelUsers:
    """List the users whose name or e-mail holds ``search``; ``sort`` is a column, with `` DESC`` from the last.

    ``id`` always comes first: the plugin drops users whose first column is the same (``users_fields_dup``). Without
    fields it gives all columns, the hashes of passwords among them (``users``).
    """
    columns = ",".join(("id", *(name for name in fields if name != "id")))
    answer = await panel.get("users", _Users, {"search": search or None, "sort": sort or None, "fields": columns})
    return {"total": answer.get("number_of_users", len(answer["users"])), "users": answer["users"]}


async def count(panel: PanelClient, search: str = "") -> int:
    """Count the users whose name or e-mail holds ``search``."""
    return (await panel.get("users/count", _Count, {"search": search or None})).get("number_of_users", 0)


async def online(panel: PanelClient, since: int | None = None, until: int | None = None) -> UsersOnline:
    """Count those online between two Unix times, by default in the last five minutes.

    Raises Refused where ``since`` is after ``until``.
    """
    return await panel.get("users/online", UsersOnline, {"timeStart": since, "timeEnd": until})


async def user(panel: PanelClient, by: Literal["id", "username", "upn", "email"], value: str | int) -> PanelUser:
    """Find one user; raises NotFound. ``upn`` is looked for among user names (``user_upn_mail``)."""
    try:
        return (await panel.get("user", _User, {by: value}))["user"]
    except errors.NotFound as missing:
        raise errors.NotFound(f"No user has this {by}.", endpoint="user", status=missing.status) from None
