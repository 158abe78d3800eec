"""The groups and groupings of a course, and who is in them."""

from collections.abc import Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Name, Row
from rpc_moodle.transport.allowance import Allowance

_AT_ONCE = 500
"""Groups of one request: of more than a thousand fields PHP drops the rest without a word."""


class GroupRow(Row):
    """A group of a course; its description is not read."""

    id: int
    name: Name = ""
    idnumber: Name = ""
    courseid: int = 0


class GroupingRow(Row):
    """A set of groups of a course."""

    id: int
    name: Name = ""
    idnumber: Name = ""
    courseid: int = 0


class GroupMembers(Row):
    """Who is in a group."""

    groupid: int
    userids: Several[int] = ()


class _UserGroups(Row):
    groups: Several[GroupRow] = ()


async def groups(moodle: MoodleClient, course_id: int) -> list[GroupRow]:
    """Return the groups of a course; needs ``moodle/course:managegroups`` there (``groups.course``).

    Raises MoodleError.
    """
    return await moodle.call("core_group_get_course_groups", {"courseid": course_id}, into=list[GroupRow])


async def groupings(moodle: MoodleClient, course_id: int) -> list[GroupingRow]:
    """Return the groupings of a course (``groups.groupings``). Raises MoodleError."""
    return await moodle.call("core_group_get_course_groupings", {"courseid": course_id}, into=list[GroupingRow])


async def members(moodle: MoodleClient, group_ids: Sequence[int]) -> list[GroupMembers]:
    """Return who is in each of the groups, in no particular order (``groups.members``). Raises MoodleError."""
    allowance = Allowance(moodle.http.answers)
    found: list[GroupMembers] = []
    for start in range(0, len(group_ids), _AT_ONCE):
        params = {"groupids": group_ids[start : start + _AT_ONCE]}
        function = "core_group_get_group_members"
        found += await moodle.call(function, params, into=list[GroupMembers], allowance=allowance)
    return found


async def of_user(moodle: MoodleClient, course_id: int, user_id: int | None = None) -> list[GroupRow]:
    """Return the groups of a user in a course, of the account itself without an id (``groups.of_user``).

    Raises MoodleError.
    """
    params = {"courseid": course_id, "userid": user_id or 0}
    return list((await moodle.call("core_group_get_course_user_groups", params, into=_UserGroups)).groups)
