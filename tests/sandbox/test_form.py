"""Moodle's own grading form beyond the recorded exchanges; each row was tried on Moodle 4.5."""

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from rpc_moodle.sandbox import Sandbox, Stage, standing
from rpc_moodle.sandbox.advanced import Definition
from tests.sandbox.conftest import Caller

TEXT = {"assignfeedbackcomments_editor[text]": "NEW", "assignfeedbackcomments_editor[format]": "1"}
OLD = (0, "<p>Existing comment</p>", 1)
NEW = (0, "NEW", 1)


async def submit(call: Caller, assignment: int, user: int, **fields: Any) -> list[dict[str, Any]]:
    form = {"attemptnumber": -1, "userid": user, "sendstudentnotifications": 0} | fields
    form = {name: value for name, value in form.items() if value is not None}
    data = {"assignmentid": assignment, "userid": user, "jsonformdata": json.dumps(urlencode(form))}
    answer: list[dict[str, Any]] = await call("mod_assign_submit_grading_form", data, as_="teacher_more")
    return answer


@pytest.mark.parametrize(
    ("fields", "grades", "comment"),
    [
        ({"grade": "60"}, ((0, 60),), OLD),
        ({}, ((0, 73.5),), OLD),
        (TEXT, ((0, 73.5),), NEW),
        ({"grade": "", **TEXT}, (), NEW),
        ({"grade": "0", **TEXT}, ((0, 0),), NEW),
        ({"grade": "6 0", **TEXT}, ((0, 60),), NEW),
    ],
)
async def test_what_the_form_does_not_hold_stays(
    sandbox: Sandbox, call: Caller, fields: dict[str, Any], grades: tuple[Any, ...], comment: tuple[int, str, int]
) -> None:
    assert await submit(call, 1, 5, **fields) == []

    after = standing(sandbox.site.assignments[1], 5)
    assert (after.grades, after.comments) == (grades, (comment,))


@pytest.mark.parametrize("grade", ["100.5", "-1", "abc", "66,5"])
async def test_a_grade_that_the_page_refuses_changes_nothing(sandbox: Sandbox, call: Caller, grade: str) -> None:
    one = sandbox.site.assignments[1]
    before = standing(one, 5)

    answer = await submit(call, 1, 5, grade=grade, **TEXT)

    assert [row["warningcode"] for row in answer] == ["couldnotsavegrade"]
    assert standing(one, 5) == before


@pytest.mark.parametrize(("grade", "stored"), [("3", ((0, 3),)), ("9", ((0, 2),)), ("-1", ())])
async def test_a_scale_takes_its_items_and_none_and_keeps_its_own_over_others(
    sandbox: Sandbox, call: Caller, grade: str, stored: tuple[Any, ...]
) -> None:
    assert await submit(call, 8, 5, grade=grade, **TEXT) == []

    after = standing(sandbox.site.assignments[8], 5)
    assert (after.grades, after.comments) == (stored, (NEW,))


@pytest.mark.parametrize(
    ("assignment", "fields", "workflow"),
    [
        (6, {}, "released"),
        (6, {"workflowstate": "inmarking"}, "inmarking"),
        (6, {"workflowstate": "Graded"}, "Graded"),
        (6, {"workflowstate": ""}, ""),
        (1, {"workflowstate": "released"}, ""),
    ],
)
async def test_the_state_is_what_the_form_says_where_there_is_workflow(
    sandbox: Sandbox, call: Caller, assignment: int, fields: dict[str, str], workflow: str
) -> None:
    await submit(call, assignment, 5, **TEXT, **fields)

    assert standing(sandbox.site.assignments[assignment], 5).workflow == workflow


@pytest.mark.parametrize(("fields", "graded"), [({}, 5), ({"applytoall": "1"}, 5), ({"applytoall": "0"}, 1)])
async def test_a_whole_team_is_meant_unless_the_form_says_otherwise(
    sandbox: Sandbox, call: Caller, fields: dict[str, str], graded: int
) -> None:
    await submit(call, 4, 10, grade="50", **TEXT, **fields)

    assert sum(row.grade == 50 for row in sandbox.site.assignments[4].grades.values()) == graded


@pytest.mark.parametrize(
    ("assignment", "fields", "notified"),
    [
        (1, {"sendstudentnotifications": "0"}, 0),
        (1, {"sendstudentnotifications": "1"}, 1),
        (1, {"sendstudentnotifications": None}, 1),
        (6, {"sendstudentnotifications": None, "workflowstate": "released"}, 0),
        (6, {"sendstudentnotifications": "1", "workflowstate": "inmarking"}, 0),
        (6, {"sendstudentnotifications": "1", "workflowstate": "released"}, 1),
    ],
)
async def test_students_are_notified_as_the_form_says(
    sandbox: Sandbox, call: Caller, assignment: int, fields: dict[str, str | None], notified: int
) -> None:
    one = sandbox.site.assignments[assignment]

    await submit(call, assignment, 7, grade="50", **(TEXT | fields))

    assert standing(one, 7).notified == notified
    assert (7 in one.flags and one.flags[7].mailed == 0) is bool(notified)


@pytest.mark.parametrize(
    ("fields", "stored"),
    [
        ({"advancedgrading[criteria][1][score]": "8", "advancedgrading[criteria][2][score]": "10"}, ((0, 60),)),
        ({"advancedgrading[criteria][1][score]": "8"}, None),
        ({"advancedgrading[criteria][1][score]": "11", "advancedgrading[criteria][2][score]": "10"}, None),
        ({"advancedgrading[criteria][1][score]": "-1", "advancedgrading[criteria][2][score]": "10"}, None),
    ],
)
async def test_a_guide_is_taken_whole_and_within_its_scores_or_not_at_all(
    sandbox: Sandbox, call: Caller, fields: dict[str, str], stored: tuple[Any, ...] | None
) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Guided")
    stage.guide(one, {1: 10, 2: 20}, Definition())
    stage.hand_in(one, 5)

    answer = await submit(call, one.id, 5, **TEXT, **fields)

    assert (answer == []) is (stored is not None)
    assert standing(one, 5).grades == (stored or ())


async def test_another_attempt_is_given_where_that_is_done_by_hand(sandbox: Sandbox, call: Caller) -> None:
    for assignment in (1, 7):
        sandbox.site.assignments[assignment].maxattempts = -1
        await submit(call, assignment, 6, addattempt="1", **TEXT)

    assert len(standing(sandbox.site.assignments[1], 6).attempts) == 1
    assert len(standing(sandbox.site.assignments[7], 6).attempts) == 2


async def test_a_form_that_is_no_form_is_an_empty_one(sandbox: Sandbox, call: Caller) -> None:
    one = sandbox.site.assignments[1]
    data = {"assignmentid": 1, "userid": 5, "jsonformdata": "{"}

    assert await call("mod_assign_submit_grading_form", data, as_="teacher_more") == []
    assert standing(one, 5).grades == ((0, 73.5),)


async def test_only_who_grades_may_send_it(call: Caller) -> None:
    data = {"assignmentid": 1, "userid": 5, "jsonformdata": '""'}

    answer = await call("mod_assign_submit_grading_form", data, as_="student_more")

    assert answer["errorcode"] == "nopermissions"
