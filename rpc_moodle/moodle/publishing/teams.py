"""Who shares a team with whom: a named user's feedback can reach the others, and so does an attempt that is added."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.grades import submission_rows
from rpc_moodle.moodle.groups import groups
from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.report import Notice
from rpc_moodle.moodle.publishing.stored import UNKNOWN, UNMARKED, Stored
from rpc_moodle.moodle.publishing.write import Write
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


def whole_teams(listed: Sequence[Participant], entries: Sequence[Entry], size: int) -> tuple[list[Entry], list[Entry]]:
    """Split entries into a wave of about that size, in which no team is cut, and the others."""
    group_of = _listed_groups(listed)
    begun = {group_of.get(entry.user_id, 0) for entry in entries[:size]} - {0}
    wave = [entry for number, entry in enumerate(entries) if number < size or group_of.get(entry.user_id) in begun]
    taken = {entry.user_id for entry in wave}
    return wave, [entry for entry in entries if entry.user_id not in taken]


def _listed_groups(listed: Sequence[Participant] | None) -> dict[int, int]:
    return {row["id"]: row.get("groupid") or 0 for row in listed or ()}


def in_turn(
    assignment: Assignment, listed: Sequence[Participant] | None, writes: Sequence[Write]
) -> tuple[list[Write], list[Write]]:
    """Split writes into those that can be sent now and those that have to wait for the others of their team.

    An attempt that Moodle adds is the whole team's: who is written to after it is decided upon anew. Who makes Moodle
    add none comes first, so that the gradebook gets those grades; then a whole team with one write, where all of it
    get the same, so that the gradebook gets all; else one of each team. ``listed`` is what
    ``mod_assign_list_participants`` answered; without it all may be one team.
    """
    adding = [write for write in writes if Notice.REOPENED in write.notices]
    if not assignment.teamsubmission or not adding:
        return list(writes), []
    now = [write for write in writes if Notice.REOPENED not in write.notices]
    if not now:
        group_of = _listed_groups(listed)
        of_group: dict[int, list[Write]] = {}
        for write in adding:
            of_group.setdefault(group_of.get(write.user_id, 0), []).append(write)
        sizes = Counter(group_of.values())
        now = [
            _for_all(members) if group and sizes[group] == len(members) else members[0]
            for group, members in of_group.items()
        ]
    sent = {user for write in now for user in write.reaches}
    return now, [write for write in writes if write.user_id not in sent]


def _for_all(members: Sequence[Write]) -> Write:
    """Return the first write of a whole team, with the others if one request can write all of them."""
    first, *others = members
    return replace(first, team=tuple(others)) if all(first.says_the_same(each) for each in others) else first


def reopened(before: Stored) -> Stored:
    """Return what is stored once another member's write has made Moodle add an attempt."""
    newest = before.newest + 1
    return replace(before, newest=newest, marks={**before.marks, newest: UNMARKED}, filling=UNKNOWN)


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
        return dict(_listed_groups(listed))
    if assignment.teamsubmissiongroupingid:
        return dict.fromkeys(users)
    return {user: next(iter(of_user[user])) if len(of_user.get(user, ())) == 1 else 0 for user in users}
