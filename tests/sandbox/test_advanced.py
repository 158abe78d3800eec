"""Rubrics and guides beyond the recorded exchanges."""

import pytest

from rpc_moodle.sandbox import Sandbox, Stage, standing
from rpc_moodle.sandbox.advanced import Answer, Definition, Filling, grade_of, is_empty, is_whole
from rpc_moodle.sandbox.work import Assignment
from tests.sandbox.conftest import Caller, marks

RUBRIC = {1: {11: 1.0, 12: 5.0}, 2: {21: 1.0, 22: 5.0}}
GUIDE = {1: {0: 10.0}, 2: {0: 10.0}}


@pytest.fixture
def one(sandbox: Sandbox) -> Assignment:
    """An assignment with a rubric, which user 5 has been graded by."""
    stage = Stage(sandbox.site)
    made = stage.assignment("Rubric")
    stage.rubric(made, {1: {11: 0, 12: 5}, 2: {21: 0, 22: 5}}, Definition(77, "R"))
    stage.hand_in(made, 5, 6)
    stage.mark(made, 5, answers={1: 12, 2: 21})
    return made


@pytest.mark.parametrize(
    ("method", "criteria", "values", "grade"),
    [
        ("rubric", RUBRIC, {1: 12, 2: 22}, 100),
        ("rubric", RUBRIC, {1: 11, 2: 21}, 0),
        ("rubric", RUBRIC, {1: 12}, 37.5),
        ("rubric", RUBRIC, {1: 99, 2: 22, 3: 12}, 37.5),
        ("rubric", {1: {11: 0.0}}, {1: 11}, -1),
        ("guide", GUIDE, {1: 4, 2: 6}, 50),
        ("guide", GUIDE, {1: -4, 2: 6, 3: 10}, 10),
        ("guide", GUIDE, {1: 30}, 150),
    ],
)
def test_a_grade_is_computed_of_whatever_was_filled_in(
    method: str, criteria: dict[int, dict[int, float]], values: dict[int, float], grade: float
) -> None:
    fillings = {criterion: Filling(1, value) for criterion, value in values.items()}

    assert grade_of(method, criteria, 100, fillings) == grade


@pytest.mark.parametrize(
    ("method", "criteria", "values", "whole"),
    [
        ("rubric", RUBRIC, {1: 12, 2: 22}, True),
        ("rubric", RUBRIC, {1: 12, 2: 12}, False),
        ("rubric", RUBRIC, {1: 12}, False),
        ("rubric", RUBRIC, {1: 12, 2: None}, False),
        ("guide", GUIDE, {1: 0, 2: 10}, True),
        ("guide", GUIDE, {1: 0, 2: 10.5}, False),
        ("guide", GUIDE, {1: -1, 2: 10}, False),
    ],
)
def test_the_page_takes_a_whole_filling_alone(
    method: str, criteria: dict[int, dict[int, float]], values: dict[int, float | None], *, whole: bool
) -> None:
    assert is_whole(method, criteria, {key: Answer(value) for key, value in values.items()}) is whole


@pytest.mark.parametrize(
    ("answers", "empty"),
    [({}, True), ({1: Answer(None)}, True), ({1: Answer(None, "good")}, False), ({1: Answer(0)}, False)],
)
def test_a_filling_is_empty_without_a_choice_and_a_remark(answers: dict[int, Answer], *, empty: bool) -> None:
    assert is_empty(RUBRIC, answers) is empty


async def test_a_text_alone_takes_the_grade_and_leaves_the_filling(one: Assignment, call: Caller) -> None:
    await call("mod_assign_save_grade", marks(one.id, 5, grade=50))

    after = standing(one, 5)
    assert after.grades == ()
    assert after.fillings == ((0, ((1, 12, ""), (2, 21, ""))),)


async def test_a_text_alone_leaves_an_empty_form_where_there_was_none(one: Assignment, call: Caller) -> None:
    await call("mod_assign_save_grade", marks(one.id, 6))
    answer = await call("core_grading_get_gradingform_instances", {"definitionid": 77, "since": 0}, as_="teacher_more")

    filled = [len(row["rubric"]["criteria"]) for row in answer["instances"]]
    assert filled == [2, 0]


async def test_a_locked_row_leaves_the_filling_alone(sandbox: Sandbox, one: Assignment, call: Caller) -> None:
    Stage(sandbox.site).lock(one, 5)
    head = "advancedgradingdata[rubric][criteria][0]"
    form = {f"{head}[criterionid]": 1, f"{head}[fillings][0][criterionid]": 1, f"{head}[fillings][0][levelid]": 11}

    await call("mod_assign_save_grade", marks(one.id, 5, **form))

    after = standing(one, 5)
    assert (after.grades, after.fillings) == (((0, 50),), ((0, ((1, 12, ""), (2, 21, ""))),))
    assert after.comments == ((0, "<p>NEW</p>", 1),)


async def test_an_assignment_without_a_form_has_no_definition(call: Caller) -> None:
    form = {"cmids[0]": 8, "cmids[1]": 999, "areaname": "submissions"}

    answer = await call("core_grading_get_definitions", form, as_="teacher_more")

    assert [(area["cmid"], area["definitions"], "activemethod" in area) for area in answer["areas"]] == [(8, [], False)]
    assert [row["itemid"] for row in answer["warnings"]] == [999]


@pytest.mark.parametrize(("definition", "as_"), [(999, "teacher_more"), (77, "student_more")])
async def test_fillings_of_an_unknown_form_and_of_others_are_refused(
    one: Assignment, call: Caller, definition: int, as_: str
) -> None:
    answer = await call("core_grading_get_gradingform_instances", {"definitionid": definition}, as_=as_)

    assert one.definition.id == 77
    assert answer["errorcode"] in {"invalidrecord", "nopermissions"}
