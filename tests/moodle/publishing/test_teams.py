"""Members of one team, where an attempt that Moodle adds is everybody's."""

from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import cycle

import pytest

from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.moodle.publishing import Code, Entry, Notice, Options, Outcome, TextFormat
from rpc_moodle.moodle.publishing.stored import Stored
from rpc_moodle.moodle.publishing.teams import in_turn, whole_teams
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.sandbox import Sandbox, Stage, standings
from rpc_moodle.sandbox import work as sandbox_work
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FULL, STATUS
from tests.moodle.publishing.runs import publish

FORM = (*FULL, "mod_assign_submit_grading_form")
LISTED: list[Participant] = [
    {"id": 5, "groupid": 1},
    {"id": 6, "groupid": 1},
    {"id": 7, "groupid": 1},
    {"id": 10, "groupid": 2},
    {"id": 11, "groupid": 2},
    {"id": 12, "groupid": 2},
    {"id": 20},
    {"id": 21},
]


@dataclass
class Turn:
    """Who is to be written to, a minus for those whose write makes Moodle add no attempt, and who goes first."""

    says: str
    users: list[int]
    now: list[int]
    listed: list[Participant] | None = None
    teams: bool = True
    reached: tuple[int, ...] = ()
    """Who is written to by the write of another."""
    grades: tuple[int, ...] = (30,)


TURNS = [
    Turn("without teams nobody waits", [5, 6], [5, 6], LISTED, teams=False),
    Turn("where nothing is added nobody waits", [-5, -6], [5, 6], LISTED),
    Turn("one of each team goes first", [5, 6, 10, 11], [5, 10], LISTED),
    Turn("a whole team that gets the same goes at once", [5, 6, 7, 10], [5, 10], LISTED, reached=(6, 7)),
    Turn("a whole team of different grades does not", [5, 6, 7], [5], LISTED, grades=(30, 40)),
    Turn("who adds none comes before all who do", [5, -6, 10], [6], LISTED),
    Turn("those in no one group are a team", [5, 20, 21, 10], [5, 20, 10], LISTED),
    Turn("where teams are not known all may be one", [5, 10], [5]),
]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: turn.says)
def test_who_is_written_to_before_the_others_of_a_team(turn: Turn) -> None:
    assignment = Assignment(id=1, cmid=2, teamsubmission=turn.teams, attemptreopenmethod="automatic")
    writes = [
        Write(Entry(abs(user)), Stored(), 0, Decimal(grade), "", None, notices=() if user < 0 else (Notice.REOPENED,))
        for user, grade in zip(turn.users, cycle(turn.grades), strict=False)
    ]
    now, later = in_turn(assignment, turn.listed, writes)
    assert [write.user_id for write in now] == turn.now
    assert tuple(mate.user_id for write in now for mate in write.team) == turn.reached
    done = {*turn.now, *turn.reached}
    assert [write.user_id for write in later] == [abs(user) for user in turn.users if abs(user) not in done]


def test_a_wave_cuts_no_team_whatever_the_order() -> None:
    entries = [Entry(user, "a") for user in (10, 5, 20, 7, 21, 12, 6, 11)]
    wave, others = whole_teams(LISTED, entries, 3)
    assert [entry.user_id for entry in wave] == [10, 5, 20, 7, 12, 6, 11]
    assert [entry.user_id for entry in others] == [21]


@pytest.fixture(params=["automatic", "untilpass"])
def report_of_a_team(request: pytest.FixtureRequest, sandbox: Sandbox) -> sandbox_work.Assignment:
    return Stage(sandbox.site).assignment(
        "Team", teamsubmission=True, attemptreopenmethod=request.param, maxattempts=-1, gradepass=50
    )


def graded(user: int, grade: int) -> Entry:
    return Entry(user, f"For {user}", TextFormat.HTML, Decimal(grade))


@pytest.mark.parametrize("handed_in", [True, False])
@pytest.mark.parametrize("functions", [STATUS, FULL, FORM], ids=["status", "full", "form"])
async def test_all_of_a_team_are_marked_on_one_attempt_and_told_who_is_not_in_the_gradebook(
    sandbox: Sandbox,
    client: Client,
    report_of_a_team: sandbox_work.Assignment,
    functions: tuple[str, ...],
    *,
    handed_in: bool,
) -> None:
    one, moodle = report_of_a_team, client(functions=functions)
    if handed_in:
        Stage(sandbox.site).hand_in(one, 5)
    assignment = await assignment_of(moodle, 2, one.cmid)
    named = [graded(5, 30), graded(9, 40), graded(10, 35)]
    report = await publish(moodle, assignment, named)
    told = [{*result.notices} - {Notice.NOTIFIED} for result in report.results]
    assert [(result.user_id, result.outcome, result.code) for result in report.results] == [
        (entry.user_id, Outcome.PUBLISHED, Code.NONE) for entry in named
    ]
    assert told == [{Notice.REOPENED}, {Notice.OLDER_ATTEMPT}, {Notice.REOPENED}]
    stored = standings(one)
    for entry in named:
        assert stored[entry.user_id].grades == ((0, entry.grade),)
        assert stored[entry.user_id].comments == ((0, entry.text, TextFormat.HTML),)
    books = [stored[entry.user_id].book for entry in named]
    assert [book and book.grade for book in books] == [30, None, 35]
    assert [len(one.attempts[0, group]) for group in (1, 2)] == [2, 2]

    again = await publish(moodle, assignment, named)
    assert (again.unchanged, standings(one)) == (3, stored)


@pytest.mark.parametrize("functions", [FULL, FORM], ids=["full", "form"])
@pytest.mark.parametrize("how", ["named", "applied", "one by one"])
async def test_a_whole_team_that_gets_the_same_is_in_the_gradebook(
    sandbox: Sandbox,
    client: Client,
    report_of_a_team: sandbox_work.Assignment,
    functions: tuple[str, ...],
    how: str,
) -> None:
    one, moodle, team = report_of_a_team, client(functions=functions), (5, 6, 7, 8, 9)
    Stage(sandbox.site).hand_in(one, 5)
    named = [replace(graded(5, 30), user_id=user) for user in (team[:1] if how == "applied" else team)]
    assignment, options = await assignment_of(moodle, 2, one.cmid), Options(apply_to_team=how == "applied")
    if how == "one by one":
        options = replace(options, chunk=1, parallel=1)
    planned = await publish(moodle, assignment, named, replace(options, dry_run=True))
    assert [{*result.notices} - {Notice.NOTIFIED} for result in planned.results] == [{Notice.REOPENED}] * 5
    report = await publish(moodle, assignment, named, options)
    assert {result.user_id for result in report.results} == {*team}
    assert [{*result.notices} - {Notice.NOTIFIED} for result in report.results] == [{Notice.REOPENED}] * 5
    assert [(each.outcome, each.code) for each in report.results] == [(Outcome.PUBLISHED, Code.NONE)] * 5
    stored = standings(one)
    assert [stored[user].comments for user in team] == [((0, "For 5", TextFormat.HTML),)] * 5
    assert [one.gradebook[user].grade for user in team] == [30] * 5
    assert (len(one.attempts[0, 1]), {10, 11} & stored.keys()) == (2, set())
    assert (await publish(moodle, assignment, named, options)).unchanged == 5


async def test_a_member_whose_grade_adds_no_attempt_is_in_the_gradebook_beside_one_whose_grade_does(
    sandbox: Sandbox, client: Client
) -> None:
    one = Stage(sandbox.site).assignment(
        "Team", teamsubmission=True, attemptreopenmethod="untilpass", maxattempts=-1, gradepass=50
    )
    Stage(sandbox.site).hand_in(one, 5)
    moodle = client(functions=FORM)
    report = await publish(moodle, await assignment_of(moodle, 2, one.cmid), [graded(5, 30), graded(9, 80)])
    assert [{*result.notices} - {Notice.NOTIFIED} for result in report.results] == [{Notice.REOPENED}, set()]
    assert [standings(one)[user].book and one.gradebook[user].grade for user in (5, 9)] == [30, 80]


async def test_a_dry_run_tells_the_same_of_a_team_and_writes_nothing(
    sandbox: Sandbox, client: Client, report_of_a_team: sandbox_work.Assignment
) -> None:
    one, moodle = report_of_a_team, client(functions=FULL)
    Stage(sandbox.site).hand_in(one, 5)
    before, assignment = standings(one), await assignment_of(moodle, 2, one.cmid)
    report = await publish(moodle, assignment, [graded(5, 30), graded(9, 40)], Options(dry_run=True))
    told = [{*result.notices} - {Notice.NOTIFIED} for result in report.results]
    assert told == [{Notice.REOPENED}, {Notice.OLDER_ATTEMPT}]
    assert [result.change and result.change.attempt for result in report.results] == [0, 0]
    assert standings(one) == before
