"""Saving grades beyond the recorded exchanges."""

from copy import deepcopy

import pytest

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.work import Comment
from tests.sandbox.conftest import Caller, marks, without_comment

SAVE = "mod_assign_save_grade"
BULK = "mod_assign_save_grades"


async def test_only_the_named_user_changes(sandbox: Sandbox, call: Caller) -> None:
    before = deepcopy(sandbox.site.assignments[1])

    assert await call(SAVE, marks(1, 9, grade=55)) is None

    after = sandbox.site.assignments[1]
    assert after.grades[9, 0].grade == 55
    assert {key: row for key, row in after.grades.items() if key != (9, 0)} == before.grades
    assert {key: row for key, row in after.flags.items() if key != 9} == before.flags
    assert after.submissions == before.submissions


async def test_a_grade_without_a_comment_is_refused_by_the_database_where_one_is_stored(
    sandbox: Sandbox, call: Caller
) -> None:
    answer = await call(SAVE, without_comment(marks(1, 5, grade=80)))

    row = sandbox.site.assignments[1].grades[5, 0]
    assert answer["errorcode"] == "dmlwriteexception"
    assert (row.grade, row.comment) == (73.5, Comment("<p>Existing comment</p>", 1))


async def test_a_grade_without_a_comment_is_stored_where_there_is_none(sandbox: Sandbox, call: Caller) -> None:
    assert await call(SAVE, without_comment(marks(1, 6, grade=80))) is None

    row = sandbox.site.assignments[1].grades[6, 0]
    assert (row.grade, row.comment) == (80, None)


async def test_the_same_text_in_another_format_is_not_stored(sandbox: Sandbox, call: Caller) -> None:
    form = marks(1, 5, grade=73.5)
    form["plugindata[assignfeedbackcomments_editor][text]"] = "<p>Existing comment</p>"
    form["plugindata[assignfeedbackcomments_editor][format]"] = 2

    await call(SAVE, form)

    assert sandbox.site.assignments[1].grades[5, 0].comment == Comment("<p>Existing comment</p>", 1)


@pytest.mark.parametrize("grade", [100.5, -5, 1e6])
async def test_a_grade_outside_the_points_leaves_the_stored_one(sandbox: Sandbox, call: Caller, grade: float) -> None:
    await call(SAVE, marks(1, 5, grade=grade))

    row = sandbox.site.assignments[1].grades[5, 0]
    assert row.grade == 73.5
    assert row.comment == Comment("<p>NEW</p>", 1)


@pytest.mark.parametrize(("grade", "stored"), [(3, 3), (4, 2), (0, 0)])
async def test_a_scale_takes_its_own_items_and_zero(
    sandbox: Sandbox, call: Caller, grade: float, stored: float
) -> None:
    await call(SAVE, marks(8, 5, grade=grade))

    assert sandbox.site.assignments[8].grades[5, 0].grade == stored


async def test_another_attempt_opens_where_attempts_are_given_by_hand(sandbox: Sandbox, call: Caller) -> None:
    await call(SAVE, marks(7, 6, grade=30, addattempt=1))

    attempts = sandbox.site.assignments[7].attempts[6, 0]
    assert [(one.attemptnumber, one.status, one.latest) for one in attempts] == [
        (0, "submitted", False),
        (1, "reopened", True),
    ]


async def test_no_attempt_opens_past_the_last_one(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.assignments[7].maxattempts = 1

    await call(SAVE, marks(7, 6, grade=30, addattempt=1))

    assert len(sandbox.site.assignments[7].attempts[6, 0]) == 1


async def test_an_older_attempt_can_be_graded_without_touching_the_latest(sandbox: Sandbox, call: Caller) -> None:
    await call(SAVE, marks(7, 5, grade=25, attemptnumber=0))

    assignment = sandbox.site.assignments[7]
    assert assignment.grades[5, 0].grade == 25
    assert (5, 1) not in assignment.grades
    assert assignment.gradebook[5].grade == 20


async def test_a_whole_team_gets_one_new_attempt(sandbox: Sandbox, call: Caller) -> None:
    team = sandbox.site.assignments[4]
    team.attemptreopenmethod, team.maxattempts = "manual", -1

    await call(SAVE, marks(4, 10, grade=50, addattempt=1, applytoall=1))

    assert [one.attemptnumber for one in team.attempts[0, 2]] == [0, 1]
    assert {team.grades[member, 0].grade for member in (10, 11, 12, 13, 14)} == {50}
    assert all(len(team.attempts[member, 0]) == 2 for member in (10, 11, 12, 13, 14))


async def test_a_member_of_two_groups_belongs_to_the_default_team(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.courses[2].groups[1].members.append(10)

    await call(SAVE, marks(4, 10, grade=50, applytoall=1))

    graded = {userid for userid, _ in sandbox.site.assignments[4].grades}
    assert 10 in graded
    assert 11 not in graded
    assert 34 in graded


async def test_a_grade_fixed_in_the_gradebook_stays_and_the_comment_is_stored(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.assignments[1].gradebook[5].locked = True

    await call(SAVE, marks(1, 5, grade=10))

    row = sandbox.site.assignments[1].grades[5, 0]
    assert (row.grade, row.comment) == (73.5, Comment("<p>NEW</p>", 1))


async def test_a_locked_submission_can_still_be_graded(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.assignments[1].flags[5].locked = 1

    await call(SAVE, marks(1, 5, grade=10))
    status = await call("mod_assign_get_submission_status", {"assignid": 1, "userid": 5})

    assert sandbox.site.assignments[1].grades[5, 0].grade == 10
    assert status["lastattempt"]["locked"] is True


async def test_a_plain_grade_wipes_the_one_of_a_rubric(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.assignments[1].advanced_grading = "rubric"
    sandbox.site.assignments[1].criteria = {1: {1: 0, 2: 5}, 2: {3: 0, 4: 5}}

    await call(SAVE, marks(1, 5, grade=73.5))

    assert sandbox.site.assignments[1].grades[5, 0].grade == -1


@pytest.mark.parametrize(("method", "answer", "values"), [("rubric", "levelid", (2, 3)), ("guide", "score", (4, 6))])
async def test_a_filled_form_gives_the_grade(
    sandbox: Sandbox, call: Caller, method: str, answer: str, values: tuple[int, int]
) -> None:
    criteria = {"rubric": {1: {1: 0.0, 2: 5.0}, 2: {3: 0.0, 4: 5.0}}, "guide": {1: {0: 10.0}, 2: {0: 10.0}}}
    sandbox.site.assignments[1].advanced_grading = method
    sandbox.site.assignments[1].criteria = criteria[method]
    form = marks(1, 5)
    for index, value in enumerate(values):
        head = f"advancedgradingdata[{method}][criteria][{index}]"
        form |= {f"{head}[criterionid]": index + 1, f"{head}[fillings][0][criterionid]": index + 1}
        form[f"{head}[fillings][0][{answer}]"] = value

    await call(SAVE, form)

    assert sandbox.site.assignments[1].grades[5, 0].grade == 50


async def test_a_workflow_state_for_nobody_is_an_error_after_something_was_written(
    sandbox: Sandbox, call: Caller
) -> None:
    answer = await call(SAVE, marks(6, 99999, workflowstate="released"))

    assert answer["errorcode"] == "invaliduser"
    assert (99999, 0) in sandbox.site.assignments[6].grades


async def test_a_bulk_that_fails_keeps_what_came_before(sandbox: Sandbox, call: Caller) -> None:
    form: dict[str, object] = {"assignmentid": 6, "applytoall": 0}
    for index, user in enumerate((6, 99999, 7)):
        one = marks(6, user, workflowstate="inreview")
        for name in ("assignmentid", "applytoall"):
            del one[name]
        form |= {f"grades[{index}][{name.replace('[', '][', 1).rstrip(']')}]": value for name, value in one.items()}

    answer = await call(BULK, form)

    stored = sandbox.site.assignments[6].flags
    assert answer["errorcode"] == "invaliduser"
    assert (stored[6].workflowstate, 7 in stored) == ("inreview", False)


async def test_a_team_named_twice_in_one_bulk_is_refused(call: Caller) -> None:
    form: dict[str, object] = {"assignmentid": 4, "applytoall": 1}
    for index, user in enumerate((5, 6)):
        form |= {f"grades[{index}][{name}]": value for name, value in without_comment(marks(4, user)).items()}
        for name in ("assignmentid", "applytoall"):
            del form[f"grades[{index}][{name}]"]

    assert (await call(BULK, form))["errorcode"] == "invalidparameter"


async def test_the_first_grade_gives_everybody_a_number(sandbox: Sandbox, call: Caller) -> None:
    assert not sandbox.site.assignments[3].mappings

    await call(SAVE, marks(3, 9))

    assert len(sandbox.site.assignments[3].mappings) == 32


async def test_a_comment_past_the_limit_of_fields_is_lost_without_a_word(sandbox: Sandbox, call: Caller) -> None:
    sandbox.site.max_input_vars = 10

    assert await call(SAVE, marks(1, 6, grade=73.5)) is None

    row = sandbox.site.assignments[1].grades[6, 0]
    assert (row.grade, row.comment) == (73.5, None)
