"""Team submissions: which rows are a team's, and who is in it."""

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Enrolled, Several, Submission
from rpc_moodle.moodle.reading import Record
from rpc_moodle.moodle.users import pages


class Group(Record):
    """A group of a course; its long description is not read."""

    id: int


class Grouped(Enrolled):
    """A user with the groups that the account may see."""

    groups: Several[Group] = ()


Groups = dict[int, set[int]]
"""Group ids by user id."""


async def groups(moodle: MoodleClient, course_id: int) -> Groups:
    """Read who is in which groups of a course, with ``core_enrol_get_enrolled_users`` alone.

    Raises MoodleError.
    """
    return {
        row.id: {group.id for group in row.groups}
        async for rows in pages(moodle, course_id, list[Grouped], {"userfields": "id,groups"})
        for row in rows
    }


def owners(
    rows: list[Submission], of_user: Groups, able: set[int], *, grouping: bool = False
) -> list[tuple[Submission, list[int]]]:
    """Give each submission once, with the ids of the users whose it is, out of those who are ``able`` to submit.

    A team's submission has a row with ``userid`` 0 and its group, and a row per member that holds no
    files (``submissions.team``): the members' rows are left out. Who is in one group submits with it; all others,
    those in two groups, too, are the default team, group 0. With a ``grouping`` only some groups count, and the
    course's users do not tell which: whoever is in a group is then taken for one of its team.
    """
    members: dict[int, list[int]] = {}
    for user in sorted(able):
        theirs = of_user.get(user, set())
        for group in theirs if len(theirs) == 1 or (grouping and theirs) else {0}:
            members.setdefault(group, []).append(user)
    teams = {row.groupid: row for row in rows if not row.userid}
    found = [(row, members.get(group, [])) for group, row in teams.items()]
    covered = {user for _, team in found for user in team}
    return found + [(row, [row.userid]) for row in rows if row.userid and row.userid not in covered]
