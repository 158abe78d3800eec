"""Team submissions: which rows are a team's, and who is in it."""

from collections import defaultdict

from typing_extensions import TypedDict

from rpc_moodle.moodle.connection import Connection
from rpc_moodle.moodle.enrolment import enrolled
from rpc_moodle.moodle.models import Submission


class Group(TypedDict):
    """A group of a course; its long description is not read."""

    id: int


class Grouped(TypedDict, total=False):
    """A user with the groups that the account may see."""

    id: int
    groups: list[Group]


Teams = dict[int, list[int]]
"""User ids by group id; group 0 is Moodle's default team of all who are in none."""


async def teams(moodle: Connection, course_id: int) -> Teams:
    """Read who is in which group of a course, with ``core_enrol_get_enrolled_users`` alone.

    Raises MoodleError.
    """
    members: Teams = defaultdict(list)
    async for row in enrolled(moodle, course_id, list[Grouped], {"userfields": "id,groups"}):
        for group in row.get("groups") or ():
            members[group["id"]].append(row["id"])
    return dict(members)


def owners(rows: list[Submission], members: Teams, able: set[int]) -> list[tuple[Submission, list[int]]]:
    """Give each submission once, with the ids of the users whose it is.

    A team's submission has a row with ``userid`` 0 and its group, and a row per member that holds no
    files (``submissions.team``): the members' rows are left out. Only users who can submit belong to a team.
    """
    grouped = {user for group in members.values() for user in group}
    found: list[tuple[Submission, list[int]]] = []
    covered: set[int] = set()
    for row in rows:
        if row.get("userid"):
            continue
        team = members.get(row.get("groupid") or 0)
        if team is None:
            team = [user for user in able if user not in grouped]
        found.append((row, sorted(user for user in team if user in able)))
        covered.update(team)
    alone = [(row, [row["userid"]]) for row in rows if row.get("userid") and row["userid"] not in covered]
    return found + alone
