"""Users across the site, and when they were there."""

from typing import Annotated

from pydantic import AliasChoices, Field
from typing_extensions import TypedDict

from rpc_moodle.methods.common import CourseRequest, MoodleId, MoodleRequest, moodle_of
from rpc_moodle.methods.fields import SearchText, Users
from rpc_moodle.methods.people import People, User
from rpc_moodle.moodle import local, people, users
from rpc_moodle.moodle.people import Person, SearchKey, UserField
from rpc_moodle.transport.unhurried import unhurried
from utils.call import Call
from utils.registry import Registry

methods = Registry()


class FoundUser(User):
    """A user as found on the site; ``idnumber`` is empty where it is withheld."""

    idnumber: str
    suspended: bool


class SearchUsersRequest(MoodleRequest):
    """Whom to search for."""

    criteria: dict[SearchKey, SearchText] = Field(
        min_length=1,
        description="What users have to fit, all of it; `firstname`, `lastname` and `email` take `%` for any "
        "characters, but not alone.",
    )


class UsersByFieldRequest(MoodleRequest):
    """Whom to find."""

    field: UserField = Field(description="What is compared.")
    values: Annotated[list[SearchText], Field(min_length=1, max_length=1000)] = Field(
        description="The exact values; user names have no capital letters."
    )


class ProfilesRequest(CourseRequest):
    """Whose profiles to read."""

    user_ids: Users


class LastAccessRequest(CourseRequest):
    """Of which course to tell who was there."""

    user_ids: Annotated[list[MoodleId], Field(min_length=1, max_length=1000)] | None = Field(
        default=None,
        validation_alias=AliasChoices("userIDs", "userIds", "user_ids"),
        description="Only these users, by their ids in Moodle. A plugin of the site that tells of single users alone "
        "has to be told which.",
    )


class LastAccess(TypedDict):
    """When a user was last on the site and in the course, in Unix seconds; 0 for never."""

    userid: int
    lastaccess: int
    lastcourseaccess: int


@methods.method("searchUsers", needs=["core_user_get_users"], instead=local.USERS)
async def search_users(request: SearchUsersRequest, call: Call) -> list[FoundUser]:
    """List the users of the site that fit all criteria, of those whom the account may see.

    A criterion that everybody fits is refused before anything is sent.
    """
    async with moodle_of(request, call) as moodle:
        found = await people.search(moodle, {str(key): value for key, value in request.criteria.items()})
        return await _shown(found, moodle.language)


@methods.method("getUsersByField", needs=["core_user_get_users_by_field"], instead=local.USERS)
async def get_users_by_field(request: UsersByFieldRequest, call: Call) -> list[FoundUser]:
    """List the users with one of these ids, user names, e-mail addresses or id numbers."""
    async with moodle_of(request, call) as moodle:
        found = await people.by_field(moodle, request.field, request.values)
        return await _shown(found, moodle.language)


@methods.method("getUserProfiles", needs=["core_user_get_course_user_profiles"])
async def get_user_profiles(request: ProfilesRequest, call: Call) -> list[FoundUser]:
    """List users as they are in a course, with their roles there; who is not enrolled is left out."""
    async with moodle_of(request, call) as moodle:
        found = await people.profiles(moodle, request.course_id, request.user_ids)
        return await _shown(found, moodle.language)


@methods.method("getUsersLastAccess", needs=["core_enrol_get_enrolled_users"], instead=local.LAST_ACCESS)
async def get_users_last_access(request: LastAccessRequest, call: Call) -> list[LastAccess]:
    """List when each user of a course was last on the site and in the course; 0 where the account may not know."""
    async with moodle_of(request, call) as moodle:
        return [
            {
                "userid": row.id,
                "lastaccess": row.lastaccess or 0,
                "lastcourseaccess": row.lastcourseaccess or 0,
            }
            async for rows in users.last_access(moodle, request.course_id, request.user_ids)
            for row in rows
        ]


async def _shown(found: list[Person], language: str | None) -> list[FoundUser]:
    shown = People(language)

    def write(row: Person) -> FoundUser:
        return {**shown.user(row), "idnumber": row.idnumber or "", "suspended": row.suspended}

    return [write(row) async for row in unhurried(found)]
