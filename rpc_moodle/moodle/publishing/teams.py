"""Who shares a team with whom, so that a named user's feedback can reach the others."""

from collections.abc import Collection, Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.grades import submission_rows
from rpc_moodle.moodle.groups import groups
from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.transport.gather import both

Team = tuple[int, ...]
"""The members of a team, in the order of their ids; all of them have one and the same tuple."""

Teams = dict[int, Team | None]
"""The team that a user is in, by user id; None where the token does not let anybody tell. Who is in none is
left out."""

_HANDED_IN = frozenset({"draft", "submitted"})


async def teams(
    moodle: MoodleClient, assignment: Assignment, listed: Sequence[Participant] | None, users: Collection[int]
) -> Teams:
    """Return the team of each participant; ``listed`` is what ``mod_assign_list_participants`` answered.

    Those of the default team, group 0, are a team only if it has handed in together: reading a status alone makes
    a row of that team (``team_none.*``). Who is in several groups is in no team.

    Raises MoodleError.
    """
    submissions, of_user = await both(submission_rows(moodle, assignment), groups(moodle, assignment.course))
    handed_in = any(
        not row.get("userid") and not row.get("groupid") and row.get("status") in _HANDED_IN for row in submissions
    )
    group_of = _group_of(assignment, listed, users, of_user)
    members: dict[int, list[int]] = {}
    for user, group in sorted(group_of.items()):
        if group is not None and (group or (handed_in and len(of_user.get(user, ())) <= 1)):
            members.setdefault(group, []).append(user)
    found: Teams = {user: None for user, group in group_of.items() if group is None}
    for each in members.values():
        found |= dict.fromkeys(each, tuple(each))
    return found


def _group_of(
    assignment: Assignment,
    listed: Sequence[Participant] | None,
    users: Collection[int],
    of_user: dict[int, set[int]],
) -> dict[int, int | None]:
    """Return the group that each submits with, 0 for the default team of who is in no one group; None if unknown.

    The list of participants tells it (``participants.team``), else the groups of the course, where the
    assignment uses all of them.
    """
    if listed is not None:
        return {row["id"]: row.get("groupid") or 0 for row in listed}
    if assignment.teamsubmissiongroupingid:
        return dict.fromkeys(users)
    return {user: next(iter(of_user[user])) if len(of_user.get(user, ())) == 1 else 0 for user in users}
