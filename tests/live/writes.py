"""What the contract promises of writing, in the course that ``IDS`` names under ``write`` and nowhere else.

Run by ``make test-live WRITE=1``. The course is one that nobody works in: grades of its assignment change.
"""

from typing import Any

import pytest

from tests.live.conftest import Ask, Ids, Measured, data

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


async def test_a_feedback_file_stays_beside_others_and_a_repeated_call_adds_nothing(
    ask: Ask, ids: Ids, user: int
) -> None:
    where: Where = {"courseID": ids.number("write", "course"), "assignmentID": ids.number("write", "files")}

    async def give(content: bytes, *, replace: bool = False) -> tuple[str, list[tuple[str, str]]]:
        rows = [{"extId": user, "files": [{"filename": "essay.txt", "content": content}]}]
        report = await data(ask, "publishAssignmentTextFeedback", **where, feedback=rows, replaceFiles=replace)
        (row,) = report["results"]
        return row["status"], [(file["name"], file["status"]) for file in row["files"]]

    await give(b"before", replace=True)
    assert await give(b"one", replace=True) == ("published", [("essay.txt", "stored")])
    assert await give(b"two") == ("published", [("essay (2).txt", "stored")])
    for content, name in ((b"one", "essay.txt"), (b"two", "essay (2).txt")):
        assert await give(content) == ("unchanged", [(name, "unchanged")])


async def _flags(ask: Ask, where: Where, user: int) -> dict[str, Any]:
    rows: dict[int, dict[str, Any]] = {row["userid"]: row for row in await data(ask, "getFlagsOfAssignment", **where)}
    return rows[user]


async def test_an_extension_is_given_and_taken_back(ask: Ask, where: Where, user: int) -> None:
    await data(ask, "setExtensions", **where, userIDs=[user], date=4_000_000_000)
    assert (await _flags(ask, where, user))["extensionduedate"] == 4_000_000_000
    await data(ask, "clearExtensions", **where, userIDs=[user])
    assert (await _flags(ask, where, user))["extensionduedate"] == 0


async def test_a_lock_is_set_and_lifted(ask: Ask, where: Where, user: int) -> None:
    for event, locked in (("lockSubmissions", True), ("unlockSubmissions", False)):
        await data(ask, event, **where, userIDs=[user])
        assert (await _flags(ask, where, user))["locked"] is locked


async def test_a_student_s_own_work_is_saved_handed_in_given_back_and_removed(ask: Ask, ids: Ids) -> None:
    where: Where = {"courseID": ids.number("write", "course"), "assignmentID": ids.number("write", "drafts")}
    student = ids.number("write", "user")
    saved = await data(ask, "saveSubmission", "student_more", **where, text="<p>My essay.</p>")
    assert saved == {"status": "draft"}
    assert await data(ask, "submitSubmission", "student_more", **where) == {"status": "submitted"}
    again = await ask("submitSubmission", "student_more", **where)
    assert again["error"]["code"] == "moodle_error"

    await data(ask, "revertSubmissions", **where, userIDs=[student])
    seen = await data(ask, "getSubmissionStatus", **where, userID=student)
    assert seen["status"] == "draft"
    if (await data(ask, "checkSetup"))["release"] >= "4.5":
        await data(ask, "removeSubmission", "student_more", **where)
        assert (await data(ask, "getSubmissionStatus", "student_more", **where))["status"] in {"", "new"}


async def test_an_introduction_is_changed_by_a_plugin(
    ask: Ask, ids: Ids, where: Where, record_property: Measured
) -> None:
    ids.token("teacher_edit")
    file = {"filename": "task.txt", "content": b"task"}
    await data(ask, "updateAssignment", "teacher_edit", **where, introduction="<p>One</p>")
    words = "<p>Two &amp; three</p>"
    done = await data(ask, "updateAssignment", "teacher_edit", **where, introduction=words, attachments=[file])
    assert done["alsoChanged"] == []
    (entry,) = [
        row
        for row in await data(ask, "getAssignments", courseIDs=[where["courseID"]])
        if row["cmid"] == where["assignmentID"]
    ]
    assert "Two &amp; three" in entry["intro"]
    assert [(each["filename"], each["filesize"]) for each in entry["introattachments"]] == [("task.txt", 4)]
    record_property("measured", done["function"])
