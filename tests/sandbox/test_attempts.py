"""Attempts beyond the recorded exchanges: teams, limits, locks, and rows made by reading."""

from typing import Any

import pytest

from rpc_moodle.sandbox import Sandbox, Stage, standing
from rpc_moodle.sandbox.work import Assignment
from tests.sandbox.conftest import Caller, marks

SAVE = "mod_assign_save_grade"


def attempts(one: Assignment, user: int) -> list[tuple[int, str]]:
    return [(each.number, each.status) for each in standing(one, user).attempts]


@pytest.mark.parametrize(
    ("settings", "grade", "opened"),
    [
        ({"attemptreopenmethod": "automatic", "maxattempts": 2}, 50, True),
        ({"attemptreopenmethod": "automatic", "maxattempts": 1}, 50, False),
        ({"attemptreopenmethod": "untilpass", "maxattempts": -1, "gradepass": 60}, 50, True),
        ({"attemptreopenmethod": "untilpass", "maxattempts": -1, "gradepass": 60}, 60, False),
        ({"attemptreopenmethod": "untilpass", "maxattempts": -1}, 0, False),
        ({"attemptreopenmethod": "none", "maxattempts": -1}, 50, False),
        ({"attemptreopenmethod": "manual", "maxattempts": -1}, 50, False),
    ],
)
async def test_a_grade_opens_another_attempt_where_the_assignment_says_so(
    sandbox: Sandbox, call: Caller, settings: dict[str, Any], grade: float, *, opened: bool
) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay", **settings)
    stage.hand_in(one, 5)

    await call(SAVE, marks(one.id, 5, grade=grade))

    expected = [(0, "submitted"), (1, "reopened")] if opened else [(0, "submitted")]
    assert attempts(one, 5) == expected
    assert one.grades[5, 0].grade == grade


async def test_an_overridden_pass_keeps_a_failing_grade_from_reopening(sandbox: Sandbox, call: Caller) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay", attemptreopenmethod="untilpass", maxattempts=-1, gradepass=60)
    stage.hand_in(one, 5)
    stage.mark(one, 5, 80)
    stage.override(one, 5, 90)

    await call(SAVE, marks(one.id, 5, grade=10))

    assert attempts(one, 5) == [(0, "submitted")]


async def test_reopening_unlocks_the_student(sandbox: Sandbox, call: Caller) -> None:
    one = sandbox.site.assignments[7]
    await call(SAVE, marks(7, 6, grade=30))
    one.flags[6].locked = 1

    await call(SAVE, marks(7, 6, grade=30, addattempt=1))

    assert one.flags[6].locked == 0


async def test_every_member_of_a_reopened_team_keeps_grade_and_gradebook(sandbox: Sandbox, call: Caller) -> None:
    team = sandbox.site.assignments[4]
    team.attemptreopenmethod, team.maxattempts = "automatic", -1

    await call(SAVE, marks(4, 10, grade=50, applytoall=1))

    assert [each.number for each in standing(team, 0).attempts if each.groupid == 2] == [0, 1]
    assert {team.gradebook[member].grade for member in (10, 11, 12, 13, 14)} == {50}


async def test_previous_attempts_are_told_newest_first_each_with_its_grade(sandbox: Sandbox, call: Caller) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay", attemptreopenmethod="manual", maxattempts=-1)
    stage.hand_in(one, 5)
    for grade in (10, 20):
        stage.mark(one, 5, grade, add_attempt=True)

    answer = await call("mod_assign_get_submission_status", {"assignid": one.id, "userid": 5})

    told = [(each["attemptnumber"], each["grade"]["grade"]) for each in answer["previousattempts"]]
    assert told == [(1, "20.00000"), (0, "10.00000")]


async def test_a_teams_previous_attempt_is_told_with_the_members_grade(sandbox: Sandbox, call: Caller) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Report", teamsubmission=True, attemptreopenmethod="manual", maxattempts=-1)
    stage.hand_in(one, 10)
    stage.mark(one, 10, 30, add_attempt=True)

    answer = await call("mod_assign_get_submission_status", {"assignid": one.id, "userid": 10})

    previous = [(each["submission"]["groupid"], each["grade"]["grade"]) for each in answer["previousattempts"]]
    assert previous == [(2, "30.00000")]


async def test_reading_a_status_makes_an_empty_row_that_the_next_list_shows(sandbox: Sandbox, call: Caller) -> None:
    listing = "mod_assign_get_submissions", {"assignmentids[0]": 3}
    before = await call(*listing)

    await call("mod_assign_get_submission_status", {"assignid": 3, "userid": 9})
    after = await call(*listing)

    assert before["assignments"][0]["submissions"] == []
    assert [(row["userid"], row["status"]) for row in after["assignments"][0]["submissions"]] == [(9, "new")]
    assert standing(sandbox.site.assignments[3], 9).attempts == ()
