"""The users of a MooPanel site."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from rpc_moodle.methods.common import MoodleId
from rpc_moodle.methods.panel import PanelRequest, panel_of
from rpc_moodle.moopanel import users
from rpc_moodle.moopanel.models import PanelUser, PanelUsers, UserColumn, UsersOnline
from rpc_moodle.moopanel.users import DEFAULT_FIELDS
from utils.call import Call
from utils.registry import Registry

methods = Registry()

Search = Annotated[str, Field(max_length=200, description="A part of a name or of an e-mail address; all without it.")]


class PanelUsersRequest(PanelRequest):
    """Which users to list.

    The plugin puts columns and order into its SQL as they come: nothing but names of columns reaches it.
    """

    search: Search = ""
    sort: UserColumn | None = Field(default=None, description="The column to sort by.")
    descending: bool = Field(default=False, description="Sort from the last to the first.")
    fields: tuple[UserColumn, ...] = Field(
        default=DEFAULT_FIELDS, max_length=50, description="The columns to give; `id` always comes with them."
    )


@methods.method("moopanel.getUsers")
async def get_users(request: PanelUsersRequest, call: Call) -> PanelUsers:
    """List the users of a site, with the columns that are asked for; never a password hash or another secret."""
    order = f"{request.sort} {'DESC' if request.descending else 'ASC'}" if request.sort else ""
    async with panel_of(request, call) as panel:
        return await users.users(panel, search=request.search, sort=order, fields=request.fields)


class CountUsersRequest(PanelRequest):
    """Which users to count."""

    search: Search = ""


@methods.method("moopanel.countUsers")
async def count_users(request: CountUsersRequest, call: Call) -> int:
    """Count the users of a site."""
    async with panel_of(request, call) as panel:
        return await users.count(panel, request.search)


Moment = Annotated[int, Field(ge=1, le=2**33)]
"""A Unix time in seconds."""


class UsersOnlineRequest(PanelRequest):
    """When somebody counts as online."""

    since: Moment | None = Field(default=None, description="A Unix time in seconds; five minutes ago without it.")
    until: Moment | None = Field(default=None, description="A Unix time in seconds; now without it.")


@methods.method("moopanel.getUsersOnline")
async def get_users_online(request: UsersOnlineRequest, call: Call) -> UsersOnline:
    """Count the users of a site that are, or were, online."""
    async with panel_of(request, call) as panel:
        return await users.online(panel, request.since, request.until)


Name = Annotated[str, Field(min_length=1, max_length=255)]


class PanelUserRequest(PanelRequest):
    """Which user: exactly one of the four."""

    id: MoodleId | None = Field(default=None, description="The user's id in Moodle.")
    username: Name | None = Field(default=None, description="The user name, in upper or lower case.")
    upn: Name | None = Field(default=None, description="The user principal name; the plugin looks at user names.")
    email: Name | None = Field(default=None, description="The e-mail address.")

    @property
    def given(self) -> list[tuple[Literal["id", "username", "upn", "email"], Any]]:
        """List which of the four is given, with its value."""
        names: tuple[Literal["id", "username", "upn", "email"], ...] = ("id", "username", "upn", "email")
        return [(name, getattr(self, name)) for name in names if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if len(self.given) != 1:
            raise ValueError("needs exactly one of id, username, upn and email")
        return self


@methods.method("moopanel.getUser")
async def get_user(request: PanelUserRequest, call: Call) -> PanelUser:
    """Find one user of a site; never a password hash or another secret."""
    ((by, value),) = request.given
    async with panel_of(request, call) as panel:
        return await users.user(panel, by, value)
