"""Where groups are separate, nobody is written to whom the account does not see."""

import pytest

from rpc_moodle.moodle import Http, MoodleClient, errors
from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.participants import assignment_participants
from rpc_moodle.moodle.publishing import Code, Entry, Outcome
from rpc_moodle.sandbox import Sandbox, Stage, standings
from rpc_moodle.sandbox.seed import COURSE, TUTOR
from rpc_moodle.sandbox.work import Assignment
from tests.moodle.publishing.runs import publish


@pytest.fixture
def essay(sandbox: Sandbox) -> Assignment:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay", separate_groups=True)
    stage.hand_in(one, 5, 10)
    for user in (5, 10):
        stage.mark(one, user, 41)
    return one


@pytest.fixture
def tutor(sandbox: Sandbox, http: Http) -> MoodleClient:
    """Make a client of a tutor's who does not see all groups."""
    sandbox.site.tokens[sandbox.token("tutor_care")].service = "more"
    return MoodleClient(sandbox.url, sandbox.token("tutor_care"), http=http)


@pytest.mark.parametrize("users", [(5,), (5, 10)], ids=["one", "two"])
async def test_a_tutor_in_no_group_writes_to_nobody_and_is_told_why(
    essay: Assignment, tutor: MoodleClient, users: tuple[int, ...]
) -> None:
    before = standings(essay)
    assignment = await assignment_of(tutor, COURSE, essay.cmid)
    with pytest.raises(errors.CapabilityDenied, match="accessallgroups"):
        await publish(tutor, assignment, [Entry(user, "new") for user in users])
    assert standings(essay) == before


@pytest.mark.parametrize("users", [(5,), (10,), (5, 10)], ids=["own", "foreign", "both"])
async def test_a_tutor_writes_to_the_own_group_alone(
    essay: Assignment, tutor: MoodleClient, sandbox: Sandbox, users: tuple[int, ...]
) -> None:
    sandbox.site.courses[COURSE].groups[1].members.append(TUTOR)
    before = standings(essay)
    report = await publish(
        tutor, await assignment_of(tutor, COURSE, essay.cmid), [Entry(user, "new") for user in users]
    )
    told = {result.user_id: (result.outcome, result.code) for result in report.results}
    expected = {5: (Outcome.PUBLISHED, Code.NONE), 10: (Outcome.FAILED, Code.NOT_A_PARTICIPANT)}
    assert told == {user: expected[user] for user in users}
    assert standings(essay)[10] == before[10]


async def test_a_listing_of_an_assignment_has_those_whom_the_tutor_sees(
    essay: Assignment, tutor: MoodleClient, sandbox: Sandbox
) -> None:
    sandbox.site.courses[COURSE].groups[1].members.append(TUTOR)
    _, found = await assignment_participants(tutor, COURSE, essay.cmid)
    members = {*sandbox.site.courses[COURSE].groups[1].members} - {TUTOR}
    assert {user.id for user in found} == members
