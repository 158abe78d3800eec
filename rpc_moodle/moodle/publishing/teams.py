"""Who shares a team with whom, so that a named user's feedback can reach the others."""

from collections.abc import Collection, Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.grades import submission_rows
from rpc_moodle.moodle.groups import groups
from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.transport.gather import both

Mates = dict[int, tuple[int, ...] | None]
"""The other members of a user's team, by user id; None where the token does not let anybody tell."""

_HANDED_IN = frozenset({"draft", "submitted"})


async def mates(
    moodle: MoodleClient, assignment: Assignment, listed: Sequence[Participant] | None, users: Collection[int]
) -> Mates:
    """Return the team mates of each participant; ``listed`` is what ``mod_assign_list_participants`` answered.

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
        if group is not None and not (group == 0 and len(of_user.get(user, ())) > 1):
            members.setdefault(group, []).append(user)
    return {
        user: None
        if group is None
        else tuple(
            other
            for other in members.get(group, ())
            if other != user and user in members[group] and (group or handed_in)
        )
        for user, group in group_of.items()
    }


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
