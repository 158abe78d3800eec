"""What is asked for one student, after the assignment itself: each request tells what no other does."""

from dataclasses import replace
from decimal import Decimal

import pytest

from rpc_moodle.moodle.assignments import assignment as assignment_of
from rpc_moodle.moodle.publishing import Code, Entry, Outcome, TextFormat
from rpc_moodle.sandbox import Sandbox, Stage
from tests.moodle.publishing.conftest import Client
from tests.moodle.publishing.lookout import FIVE, FULL
from tests.moodle.publishing.runs import publish

WHO = ["core_webservice_get_site_info", "mod_assign_list_participants", "mod_assign_get_submission_status"]
BOOK, FLAGS, MODULE = "gradereport_user_get_grade_items", "mod_assign_get_user_flags", "core_course_get_course_module"
FORM, ONE = "mod_assign_submit_grading_form", "mod_assign_save_grade"
TEXT, GRADE = Entry(5, "<p>new</p>", TextFormat.HTML), Entry(5, grade=Decimal(50))
BOTH = Entry(5, "<p>new</p>", TextFormat.HTML, Decimal(50))


@pytest.mark.parametrize(
    ("functions", "entry", "graded", "asked"),
    [
        ((*FULL, FORM), TEXT, True, [*WHO, FORM, BOOK]),
        ((*FULL, FORM), GRADE, True, [*WHO, BOOK, FORM, BOOK]),
        ((*FULL, FORM), BOTH, True, [*WHO, BOOK, FORM, BOOK]),
        ((*FULL, FORM), TEXT, False, [*WHO, MODULE, FORM, BOOK]),
        (FULL, TEXT, True, [*WHO, FLAGS, ONE, BOOK]),
        (FULL, BOTH, True, [*WHO, BOOK, FLAGS, ONE, BOOK]),
    ],
    ids=["text", "grade", "text and grade", "text, not graded", "text without the form", "grade without the form"],
)
async def test_what_is_asked_for_one_student(
    sandbox: Sandbox, client: Client, functions: tuple[str, ...], entry: Entry, graded: bool, asked: list[str]
) -> None:
    stage = Stage(sandbox.site)
    one = stage.assignment("Essay", attemptreopenmethod="none")
    stage.hand_in(one, 5)
    if graded:
        stage.mark(one, 5, 41)
    moodle = client(functions=functions)
    assignment = await assignment_of(moodle, 2, one.cmid)
    sandbox.requests.clear()
    report = await publish(moodle, assignment, [entry])
    assert [result.outcome for result in report.results] == [Outcome.PUBLISHED]
    found = [seen.function for seen in sandbox.requests]
    assert (sorted(found[:2]), found[2:]) == (sorted(asked[:2]), asked[2:])


async def test_a_key_that_turns_out_to_lack_the_status_after_the_write_is_not_told_that_nothing_was_stored(
    sandbox: Sandbox, client: Client
) -> None:
    one = Stage(sandbox.site).assignment("Essay", attemptreopenmethod="automatic", maxattempts=2, blindmarking=True)
    moodle = client(functions=(*FIVE, "mod_assign_save_grades", "mod_assign_get_grades"))
    entries = [replace(BOTH, user_id=user) for user in (5, 6)]
    report = await publish(moodle, await assignment_of(moodle, 2, one.cmid), entries)
    assert [result.code for result in report.results] == [Code.NOT_VERIFIED] * 2
    assert [one.notified.count(user) for user in (5, 6)] == [1, 1]
    assert [one.grades[user, 0].grade for user in (5, 6)] == [50, 50]
