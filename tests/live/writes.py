"""What the contract promises of writing, in the course that ``IDS`` names under ``write`` and nowhere else.

Run by ``make test-live WRITE=1``. The course is one that nobody works in: grades of its assignment change.
"""

from typing import Any

import pytest

from tests.live.conftest import Ask, Ids, data

Where = dict[str, Any]


@pytest.fixture
def where(ids: Ids) -> Where:
    return {"courseID": ids.number("write", "course"), "assignmentID": ids.number("write", "assignment")}


@pytest.fixture
def user(ids: Ids) -> int:
    return ids.number("write", "user")


async def _grades(ask: Ask, where: Where, user: int) -> list[object]:
    (row,) = await data(ask, "getGradeItems", courseID=where["courseID"], userID=user)
    return [(item["cmid"], item["graderaw"], item["feedback"]) for item in row["gradeitems"]]


async def _publish(ask: Ask, where: Where, user: int, grade: int, *, dry: bool = False) -> list[str]:
    report = await data(ask, "publishGrades", **where, grades=[{"extId": user, "grade": grade}], dryRun=dry)
    return [row["status"] for row in report["results"]]


async def test_a_published_grade_is_in_the_gradebook_and_publishing_it_again_changes_nothing(
    ask: Ask, where: Where, user: int
) -> None:
    await _publish(ask, where, user, 1)
    assert await _publish(ask, where, user, 2) == ["published"]
    after = await _grades(ask, where, user)
    assert (where["assignmentID"], 2) in [each[:2] for each in after if isinstance(each, tuple)]

    assert await _publish(ask, where, user, 2) == ["unchanged"]
    assert await _grades(ask, where, user) == after


async def test_a_dry_run_writes_nothing(ask: Ask, where: Where, user: int) -> None:
    await _publish(ask, where, user, 1)
    before = await _grades(ask, where, user)

    assert await _publish(ask, where, user, 2, dry=True) == ["published"]
    assert await _grades(ask, where, user) == before


async def test_a_text_leaves_the_grade_alone(ask: Ask, where: Where, user: int) -> None:
    await _publish(ask, where, user, 1)
    for text in ("First.", "Second."):
        report = await data(ask, "publishAssignmentTextFeedback", **where, feedback=[{"extId": user, "text": text}])
        assert [row["status"] for row in report["results"]] == ["published"]

    found = [each for each in await _grades(ask, where, user) if isinstance(each, tuple)]
    assert [(grade, "Second." in feedback) for cmid, grade, feedback in found if cmid == where["assignmentID"]] == [
        (1, True)
    ]
