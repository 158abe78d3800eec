"""Who is published to: participants, the numbers that blind marking gives them, and the mates of a team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.moodle.participants import SeesNobody, seen, submitters, user_mappings
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.keys import Key
from rpc_moodle.moodle.publishing.report import Code, Outcome, Result, invalid
from rpc_moodle.moodle.publishing.teams import Teams
from rpc_moodle.moodle.users import enrolled

_LIST = "mod_assign_list_participants"
_RELEASE = "mod/assign:releasegrades"


@dataclass(frozen=True, slots=True)
class People:
    """Who takes part; ``listed`` is None where the key may not ask the assignment itself."""

    ids: frozenset[int]
    listed: list[Participant] | None


async def people(moodle: MoodleClient, assignment: Assignment, key: Key) -> People:
    """Return who takes part, as far as the key may ask.

    Raises MoodleError, SeesNobody where the account sees nobody.
    """
    try:
        rows = await key.may(_LIST, partial(seen, moodle, assignment))
    except SeesNobody:
        raise
    except errors.AccessDenied:
        rows = None
    if rows is not None:
        return People(frozenset(row["id"] for row in rows), rows)
    able = await submitters(moodle, assignment.course)
    return People(frozenset(user.id for user in able), None)


async def resolved(
    moodle: MoodleClient, assignment: Assignment, entries: Sequence[Entry]
) -> tuple[list[Entry], list[Result]]:
    """Return entries with the users whose participant numbers they give, and a failure for each unknown number.

    Raises MoodleError.
    """
    if all(entry.participant is None for entry in entries):
        return list(entries), []
    users = {row["id"]: row["userid"] for row in await user_mappings(moodle, assignment)}
    found = [
        entry if entry.participant is None else replace(entry, user_id=users[entry.participant])
        for entry in entries
        if entry.participant is None or entry.participant in users
    ]
    missing = {entry.participant for entry in entries if entry.participant is not None} - set(users)
    text = "There is no participant of this number; Moodle gives them out when somebody hands in or is graded."
    return found, [invalid(None, text, participant=number) for number in sorted(missing)]


async def may_release(moodle: MoodleClient, assignment: Assignment, key: Key) -> bool:
    """Tell whether the account may release grades; ``save_grade`` does not ask, Moodle's own page does.

    An account that is not enrolled, such as an administrator's, or that cannot be asked about may, as far as is known.

    Raises MoodleError.
    """
    if key.allowed is None and key.account is None:
        await key.ask()
    if key.account is None:
        return True
    try:
        able = {user.id async for user in enrolled(moodle, assignment.course, with_capability=_RELEASE)}
        if key.account in able:
            return True
        return key.account not in {user.id async for user in enrolled(moodle, assignment.course)}
    except errors.AccessDenied:
        return True


def reached(entries: Sequence[Entry], teams: Teams) -> tuple[list[Entry], dict[int, int], list[Result]]:
    """Give the other members of each named user's team the same entry.

    Returns the entries of all, by member the named user whose entry it is, and a failure for each whose team cannot be
    read, or where several of a team are named with different feedback.
    """
    named = {entry.user_id for entry in entries}
    said: dict[int, Entry] = {}  # by the first of a team
    divided: set[int] = set()
    for entry in entries:
        first = (teams.get(entry.user_id) or (entry.user_id,))[0]
        if not said.setdefault(first, entry).says_the_same(entry):
            divided.add(first)
    kept: list[Entry] = []
    via: dict[int, int] = {}
    failed: list[Result] = []
    for entry in entries:
        team = teams.get(entry.user_id, (entry.user_id,))
        if team is None:
            text = "The user's team cannot be read: enable mod_assign_list_participants for the API key."
            failed.append(Result(entry.user_id, Outcome.FAILED, Code.TEAM_UNKNOWN, text))
            continue
        if team[0] in divided:
            text = "Another member of the same team is named with other feedback, and applyToTeam gives all the same."
            failed.append(Result(entry.user_id, Outcome.FAILED, Code.AMBIGUOUS, text))
            continue
        kept.append(entry)
        if said[team[0]] is entry:
            others = [mate for mate in team if mate not in named]
            via |= dict.fromkeys(others, entry.user_id)
            kept += [replace(entry, user_id=mate, participant=None) for mate in others]
    return kept, via, failed
