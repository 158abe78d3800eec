"""Grades, flags and status as recorded sites answer them."""

from decimal import Decimal
from typing import Any

import pytest
from aioresponses import aioresponses

from rpc_moodle.moodle import MoodleClient, errors
from rpc_moodle.moodle.grades import flags, grades, number, status, submission_rows
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.comments import NO_COMMENT, Comment
from rpc_moodle.moodle.publishing.stored import UNKNOWN, Bulk, stored
from tests.moodle.conftest import REST
from tests.support import VERSIONS, body_of, exchanges

pytestmark = pytest.mark.parametrize("version", VERSIONS)


def answer(site: aioresponses, version: str, exchange: str) -> None:
    site.post(REST, body=body_of(exchanges(version)[exchange]))


async def test_stored_grades_are_read_by_user(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    answer(site, version, "grades.assign")
    found = await grades(moodle, Assignment(id=1, cmid=8))
    assert {user: number(row["grade"]) for user, row in found.items()} == {5: Decimal("73.5"), 6: Decimal(41)}


async def test_a_grade_of_an_earlier_attempt_alone_is_no_grade(
    site: aioresponses, moodle: MoodleClient, version: str
) -> None:
    answer(site, version, "grades.assign")
    assert await grades(moodle, Assignment(id=7, cmid=14)) == {}


async def test_no_grades_and_no_flags_are_no_error(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    answer(site, version, "grades.assign_none")
    answer(site, version, "flags.none")
    assignment = Assignment(id=3, cmid=10)
    assert (await grades(moodle, assignment), await flags(moodle, assignment)) == ({}, {})


async def test_an_account_that_may_not_grade_is_told_so(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    answer(site, version, "submissions.as_student")
    with pytest.raises(errors.AccessDenied):
        await submission_rows(moodle, Assignment(id=1, cmid=8))


async def test_flags_hold_workflow_state_and_lock(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    answer(site, version, "flags")
    row = (await flags(moodle, Assignment(id=6, cmid=13)))[5]
    assert (row["workflowstate"], row["locked"]) == ("released", False)


async def test_the_older_of_two_attempts_never_wins(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    rows = [{"userid": 5, "attemptnumber": at, "grade": f"{at}0.00000"} for at in (1, 2, 0)]
    site.post(REST, payload={"assignments": [{"assignmentid": 1, "grades": rows}], "warnings": []})
    assert (await grades(moodle, Assignment(id=1, cmid=8)))[5]["attemptnumber"] == 2, version


KINDS: dict[str, tuple[dict[str, Any], object, object]] = {
    "status.graded": ({}, Decimal("73.5"), Comment("<p>Existing comment</p>", 1)),
    "status.not_submitted": ({}, None, NO_COMMENT),
    "save.keep_grade.2_after": ({}, Decimal("73.5"), Comment("<p>NEW</p>", 1)),
    "save.minus_one_wipes.0_before": ({}, Decimal(41), Comment("", None)),
    "save.minus_one_wipes.2_after": ({}, None, Comment("<p>NEW</p>", 1)),
    "save.ungraded.0_before": ({}, None, NO_COMMENT),
    "save.ungraded.2_after": ({}, None, Comment("<p>NEW</p>", 1)),
    "save.no_submission.2_after": ({}, None, Comment("<p>NEW</p>", 1)),
    "save.too_high.2_after": ({}, None, Comment("<p>NEW</p>", 1)),
    "save.comments_off.2_after": ({}, None, NO_COMMENT),
    "save.scale_keep.0_before": ({"grade": -3}, Decimal(2), Comment("<p>ok</p>", 1)),
    "save.none_graded.0_before": ({"grade": 0}, None, NO_COMMENT),
    "save.none_graded.2_after": ({"grade": 0}, None, Comment("<p>NEW</p>", 1)),
    "save.workflow_empty_state.0_before": ({"markingworkflow": True}, Decimal(88), Comment("<p>wf</p>", 1)),
    "save.workflow_empty_state.2_after": ({"markingworkflow": True}, UNKNOWN, UNKNOWN),
    "save.workflow_released.0_before": ({"markingworkflow": True}, None, UNKNOWN),
    "save.workflow_released.2_after": ({"markingworkflow": True}, None, Comment("<p>NEW</p>", 1)),
    "save.attempts_latest.0_before": ({}, None, NO_COMMENT),
    "save.attempts_latest.2_after": ({}, None, Comment("<p>NEW</p>", 1)),
    "save.team_one.0_before": ({"teamsubmission": True}, None, NO_COMMENT),
    "save.team_one.2_after": ({"teamsubmission": True}, None, Comment("<p>NEW</p>", 1)),
    "save.team_all.3_other_member": ({"teamsubmission": True}, None, Comment("<p>NEW</p>", 1)),
    "save.blind.2_after": ({"blindmarking": True}, None, Comment("<p>NEW</p>", 1)),
    "saves.bulk.after": ({}, None, Comment("<p>bulk 9</p>", 1)),
}


@pytest.mark.parametrize("exchange", KINDS)
async def test_grade_and_comment_of_the_latest_attempt_are_read_from_every_recorded_status(
    site: aioresponses, moodle: MoodleClient, version: str, exchange: str
) -> None:
    kind, grade, comment = KINDS[exchange]
    answer(site, version, exchange)
    assignment = Assignment(**{"id": 1, "cmid": 8, "grade": 100, **kind})
    seen = stored(assignment, 5, Bulk(), await status(moodle, assignment, 5))
    mark = seen.mark(seen.newest)
    assert (mark.grade, mark.comment) == (grade, comment)
    assert not seen.locked


async def test_a_released_state_is_read_from_the_status(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    assignment = Assignment(id=6, cmid=13, grade=100, markingworkflow=True)
    for exchange, state in (
        ("save.workflow_released.2_after", "released"),
        ("save.workflow_bad_state.2_after", "Graded"),
    ):
        answer(site, version, exchange)
        assert stored(assignment, 6, Bulk(), await status(moodle, assignment, 6)).workflow == state


async def test_a_hidden_grade_is_taken_from_the_stored_grades(
    site: aioresponses, moodle: MoodleClient, version: str
) -> None:
    assignment = Assignment(id=6, cmid=13, grade=100, markingworkflow=True)
    answer(site, version, "save.workflow_empty_state.2_after")
    seen = await status(moodle, assignment, 5)
    row = {5: {"userid": 5, "attemptnumber": 0, "grade": "88.00000"}}
    assert stored(assignment, 5, Bulk(grades=row), seen).mark(0).grade == 88  # type: ignore[arg-type] # a literal is no TypedDict
    older = {5: {"userid": 5, "attemptnumber": 1, "grade": "88.00000"}}
    assert stored(assignment, 5, Bulk(grades=older), seen).mark(0).grade is UNKNOWN  # type: ignore[arg-type] # as above


async def test_a_grade_given_directly_shows(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    assignment = Assignment(id=1, cmid=8, grade=100)
    answer(site, version, "status.graded")
    seen = await status(moodle, assignment, 5)
    assert stored(assignment, 5, Bulk(), seen).mark(0).direct
    seen["feedback"]["gradefordisplay"] = "73.50 / 100.00"
    assert not stored(assignment, 5, Bulk(), seen).mark(0).direct


async def test_the_text_is_asked_for_as_it_is_stored(site: aioresponses, moodle: MoodleClient, version: str) -> None:
    answer(site, version, "status.graded")
    await status(moodle, Assignment(id=1, cmid=8), 5)
    [[request]] = site.requests.values()
    form = request.kwargs["data"].decode()
    assert "moodlewssettingraw=1" in form
    assert "moodlewssettingfileurl=0" in form
