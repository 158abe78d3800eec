"""What the wider methods answer, against a sandbox that was seeded as the wider recordings' sites."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from rpc_moodle.methods import METHODS
from rpc_moodle.moodle.categories import CategoryRow, tree
from rpc_moodle.moodle.errors import BadResponse
from rpc_moodle.sandbox import Sandbox
from tests.methods.conftest import Call
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.testing import call

_SUBMITTED = "getSubmissionsInfosFromAssignment"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=20, wider=True) as running:
        yield running


@pytest.fixture
def ask(sandbox: Sandbox, ask: Call) -> Call:
    """Ask, and see that no function is called but those that the method names."""

    async def watched(event: str, token: str = "teacher_more", **payload: Any) -> Envelope:
        method = METHODS.find(event)
        assert method is not None
        before = len(sandbox.requests)
        reply = await ask(event, token, **payload)
        called = {seen.function for seen in list(sandbox.requests)[before:]} - {""}
        assert called <= {*method.needs, *method.gains_by, payload.get("function")}
        return reply

    return watched


async def data(ask: Call, event: str, token: str = "teacher_more", **payload: Any) -> Any:
    reply = await ask(event, token, **payload)
    assert reply["success"], reply
    return reply["data"]


async def test_a_users_courses_come_with_progress_and_last_access(ask: Call) -> None:
    rows = {row["id"]: row for row in await data(ask, "getCoursesOfUser", "student_more")}
    assert sorted(rows) == [2, 6]
    assert (rows[6]["progress"], rows[6]["completed"], rows[6]["lastaccess"]) == (100, True, 1767300001)
    assert (rows[2]["progress"], rows[2]["lastaccess"]) == (0, 0)
    assert rows[6]["categoryid"] == 3


@pytest.mark.parametrize(
    ("field", "value", "found"),
    [
        ("id", "6", [6]),
        ("ids", "6,7", [6, 7]),
        ("shortname", "ME1", [6]),
        ("idnumber", "ID-SC1", [8]),
        ("category", "3", [6, 7]),
        ("shortname", "NOPE", []),
    ],
)
async def test_courses_are_found_by_a_field(ask: Call, field: str, value: str, found: list[int]) -> None:
    rows = await data(ask, "getCoursesByField", field=field, value=value)
    assert [row["id"] for row in rows] == found


async def test_what_the_account_may_not_know_of_a_course_is_null(ask: Call) -> None:
    (mechanics,) = await data(ask, "getCoursesByField", field="id", value="6")
    (optics,) = await data(ask, "getCoursesByField", field="id", value="7")
    assert (mechanics["visible"], mechanics["startdate"], mechanics["idnumber"]) == (True, 1767225600, "ID-ME1")
    assert (optics["visible"], optics["startdate"], optics["idnumber"]) == (None, 0, "")


async def test_a_search_brings_every_page(ask: Call, sandbox: Sandbox) -> None:
    first = sandbox.site.courses[8]
    for number in range(100, 250):
        sandbox.site.courses[number] = type(first)(number, f"Science {number}", f"S{number}", category=2)
    assert len(await data(ask, "searchCourses", text="science")) == 151


async def test_a_category_brings_all_below_it_flat_or_as_a_tree(ask: Call) -> None:
    assert {row["id"] for row in await data(ask, "getCoursesFromCategory", categoryID=2)} == {6, 7, 8}
    (science,) = await data(ask, "getCoursesFromCategory", categoryID=2, tree=True)
    assert science["category"]["name"] == "Faculty of Science"
    assert [row["id"] for row in science["courses"]] == [8]
    (physics,) = science["branches"]
    assert physics["category"]["name"] == "Physics & Chemistry"
    assert [row["id"] for row in physics["courses"]] == [6, 7]


async def test_a_hidden_category_is_for_administrators(ask: Call) -> None:
    assert [row["id"] for row in await data(ask, "getCategories")] == [1, 2, 3]
    assert [row["id"] for row in await data(ask, "getCategories", "admin_more")] == [1, 2, 3, 4]
    assert (await ask("getCategories", "teacher_more", categoryID=4))["error"]["code"] == "not_found"


@pytest.mark.parametrize(
    "criteria",
    [
        {},
        {"lastname": "%"},
        {"email": " %_%"},
        {"shoe": "44"},
        {"lastname": "M%", "shoe": "44"},
        {"username": "STUDENT2"},
        {"lastname": ""},
        None,
        "lastname",
        {"lastname": ["%"]},
    ],
)
async def test_a_search_that_everybody_fits_is_refused_before_anything_is_sent(
    ask: Call, sandbox: Sandbox, criteria: object
) -> None:
    reply = await ask("searchUsers", "admin_more", criteria=criteria)
    assert reply["error"]["code"] == "invalid_request"
    assert not sandbox.requests


async def test_users_are_found_by_all_criteria_together(ask: Call) -> None:
    found = await data(ask, "searchUsers", "admin_more", criteria={"firstname": "First9", "lastname": "Last%"})
    assert [(row["id"], row["username"], row["idnumber"]) for row in found] == [(13, "student9", "S9")]


async def test_users_are_found_by_exact_values(ask: Call) -> None:
    found = await data(ask, "getUsersByField", "admin_more", field="username", values=["student1", "nobody"])
    assert [row["id"] for row in found] == [5]
    assert await data(ask, "getUsersByField", field="idnumber", values=["S4"]) == []


async def test_a_user_name_with_capitals_is_refused_before_anything_is_sent(ask: Call, sandbox: Sandbox) -> None:
    reply = await ask("getUsersByField", "admin_more", field="username", values=["student1", "STUDENT2"])
    assert reply["error"]["code"] == "invalid_request"
    assert "capital" in reply["message"]
    assert not sandbox.requests


async def test_profiles_have_the_roles_of_the_course(ask: Call) -> None:
    found = await data(ask, "getUserProfiles", courseID=6, userIDs=[5, 13])
    assert [(row["id"], row["roles"]) for row in found] == [(5, "student")]


async def test_last_access_is_told_for_everybody(ask: Call) -> None:
    assert {row["userid"] for row in await data(ask, "getUsersLastAccess", courseID=6)} == {3, 5, 6, 7}


async def test_groups_come_with_their_members_when_asked(ask: Call) -> None:
    plain = await data(ask, "getGroupsFromCourse", courseID=2)
    assert [(row["name"], row["userids"]) for row in plain] == [("Group A", []), ("Group B", [])]
    full = await data(ask, "getGroupsFromCourse", courseID=2, members=True)
    assert full[0]["userids"] == [5, 6, 7, 8, 9]
    assert await data(ask, "getGroupingsFromCourse", courseID=2) == []
    assert [row["name"] for row in await data(ask, "getGroupsOfUser", courseID=2, userID=5)] == ["Group A"]
    assert [row["name"] for row in await data(ask, "getGroupsOfUser", "student_more", courseID=2)] == ["Group A"]


async def test_cohorts_are_for_who_may_see_them(ask: Call) -> None:
    rows = await data(ask, "getCohorts", "admin_more", text="Partner", members=True)
    assert [(row["id"], row["userids"]) for row in rows] == [(1, [5, 6, 7])]
    assert len(await data(ask, "getCohorts", "admin_more")) == 2
    assert (await ask("getCohorts", "teacher_more"))["error"]["code"] == "access_denied"


async def test_completion_is_told_in_words(ask: Call) -> None:
    rows = {row["cmid"]: row for row in await data(ask, "getCompletionOfActivities", courseID=6, userID=6)}
    assert (rows[23]["state"], rows[23]["tracking"]) == ("complete", "manual")
    assert (rows[24]["state"], rows[24]["tracking"]) == ("failed", "automatic")
    course = await data(ask, "getCompletionOfCourse", courseID=6, userID=6)
    assert (course["hascriteria"], course["completed"], course["aggregation"]) == (True, False, "all")
    assert [(row["criteria"], row["complete"]) for row in course["criteria"]] == [
        ("Read me", True),
        ("Problem set", False),
    ]


async def test_a_course_without_criteria_is_an_answer(ask: Call) -> None:
    course = await data(ask, "getCompletionOfCourse", courseID=2, userID=5)
    assert course == {"hascriteria": False, "completed": False, "aggregation": None, "criteria": []}


async def test_completion_can_be_overridden(ask: Call) -> None:
    row = await data(ask, "overrideCompletion", activityID=23, userID=7, state="complete")
    assert (row["state"], row["overrideby"]) == ("complete", 3)
    rows = await data(ask, "getCompletionOfActivities", courseID=6, userID=7)
    assert rows[0]["state"] == "complete"


async def test_the_gradebook_is_told_without_markup(ask: Call) -> None:
    rows = await data(ask, "getGradeItems", courseID=6)
    assert [row["userid"] for row in rows] == [5, 6, 7]
    item, total = rows[0]["gradeitems"]
    assert (item["itemname"], item["graderaw"], item["gradeformatted"]) == ("Problem set", 80, "80.00")
    assert (item["feedback"], item["gradeislocked"], item["percentageformatted"]) == ("<p>well</p>", False, "80.00 %")
    assert (total["itemtype"], total["graderaw"]) == ("course", 80)
    assert rows[2]["gradeitems"][0]["graderaw"] is None


async def test_a_student_sees_the_own_grades_alone(ask: Call) -> None:
    assert len(await data(ask, "getGradeItems", "student_more", courseID=6, userID=5)) == 1
    reply = await ask("getGradeItems", "student_more", courseID=6, userID=6)
    assert reply["error"]["code"] == "access_denied"
    totals = await data(ask, "getGradeTotals", "student_more")
    assert {row["courseid"]: row["rawgrade"] for row in totals} == {2: 183.5, 6: 80}


async def test_grades_of_an_assignment_since_a_time(ask: Call) -> None:
    rows = await data(ask, "getGradesOfAssignment", courseID=2, assignmentID=8)
    assert [(row["userid"], row["grade"]) for row in rows] == [(5, 73.5), (6, 41)]
    for since in (4_000_000_000, "2096-10-02T07:06:40+00:00"):
        assert await data(ask, "getGradesOfAssignment", courseID=2, assignmentID=8, since=since) == []
    reply = await ask("getGradesOfAssignment", courseID=2, assignmentID=8, since="yesterday")
    assert reply["error"]["details"]["fields"][0]["path"] == "since"


async def test_assignments_come_with_dates_and_attachments_that_can_be_fetched(ask: Call) -> None:
    found = {row["cmid"]: row for row in await data(ask, "getAssignments", courseIDs=[2])}
    dated = found[29]
    assert (dated["intro"], dated["duedate"]) == ("<p>Read <b>this</b></p>", 1767312000)
    (sheet,) = dated["introattachments"]
    contents = await data(ask, "downloadSubmissionsFromUser", fileUrls=[sheet["fileurl"]])
    assert contents == [b"%PDF-1.4 task"]


@pytest.mark.parametrize(("text", "cmid"), [("8", 8), ("Dated", 29), ("dated", 29), ("reflection", 9), ("RUBRIC", 26)])
async def test_an_assignment_is_found_by_what_people_say(ask: Call, text: str, cmid: int) -> None:
    assert (await data(ask, "findAssignment", courseID=2, text=text))["cmid"] == cmid


async def test_an_unclear_assignment_names_those_it_could_be(ask: Call) -> None:
    several = await ask("findAssignment", "teacher_more", courseID=2, text="graded")
    assert "Scale graded (15)" in several["message"]
    assert "Rubric graded (26)" in several["message"]
    none = await ask("findAssignment", "teacher_more", courseID=2, text="nothing like it")
    assert none["error"]["code"] == "not_found"
    assert "Essay (files) (8)" in none["message"]


async def test_entries_are_what_a_call_takes(ask: Call) -> None:
    entries = await data(ask, "getAssignmentEntries", courseID=2, pattern="*graded")
    assert {(each["assignmentID"], each["name"]) for each in entries} == {
        (15, "Scale graded"),
        (26, "Rubric graded"),
        (27, "Guide graded"),
    }
    assert entries[0]["courseID"] == 2


async def test_an_extension_moves_the_deadline_and_can_be_taken_back(ask: Call) -> None:
    where: dict[str, Any] = {"courseID": 2, "assignmentID": 29}
    assert await data(ask, "setExtensions", **where, userIDs=[5, 6], date=1798761600) == {"changed": 2}
    held = {row["userid"]: row["holds"] for row in await data(ask, "getDeadlines", **where)}
    assert held == {5: 1798761600, 6: 1798761600}
    assert await data(ask, "clearExtensions", **where, userIDs=[6]) == {"changed": 1}
    rows = {row["userid"]: row for row in await data(ask, "getDeadlines", **where, userIDs=[5, 6])}
    assert (rows[5]["holds"], rows[6]["holds"]) == (1798761600, 1767312000)


async def test_an_extension_before_the_due_date_is_an_error_that_names_its_users(ask: Call) -> None:
    reply = await ask("setExtensions", "teacher_more", courseID=2, assignmentID=29, userIDs=[5], date=1767000000)
    assert reply["error"]["code"] == "partial_failure"
    assert reply["error"]["details"]["userIDs"] == [5]


async def test_locks_are_set_told_and_taken_off(ask: Call) -> None:
    where: dict[str, Any] = {"courseID": 2, "assignmentID": 29}
    await data(ask, "lockSubmissions", **where, userIDs=[7])
    assert [(row["userid"], row["locked"]) for row in await data(ask, "getFlagsOfAssignment", **where)] == [(7, True)]
    await data(ask, "unlockSubmissions", **where, userIDs=[7])
    assert [row["locked"] for row in await data(ask, "getFlagsOfAssignment", **where)] == [False]
    assert (await ask("unlockSubmissions", "teacher_more", **where, userIDs=[99999]))["error"]["code"] == "not_found"


async def test_what_moodle_has_not_reverted_is_an_error(ask: Call) -> None:
    reply = await ask("revertSubmissions", "teacher_more", courseID=2, assignmentID=29, userIDs=[5])
    assert reply["error"]["code"] == "moodle_error"
    assert "revert" in reply["message"]


async def test_a_misspelt_key_of_a_write_is_refused(ask: Call, sandbox: Sandbox) -> None:
    reply = await ask("lockSubmissions", "teacher_more", courseID=2, assignmentID=29, userIDs=[7], userID=8)
    assert reply["error"]["code"] == "invalid_request"
    assert not sandbox.requests


async def test_a_student_saves_hands_in_and_removes(ask: Call, sandbox: Sandbox) -> None:
    where: dict[str, Any] = {"courseID": 2, "assignmentID": 29}
    await data(ask, "setExtensions", **where, userIDs=[5], date=4_000_000_000)
    files = [{"filename": "solution.txt", "content": b"x" * 11}, {"filename": "räw ü.txt", "content": b"1234"}]
    assert await data(ask, "saveSubmission", "student_more", **where, files=files) == {"status": "draft"}
    mine = await data(ask, "getSubmissionStatus", "student_more", **where)
    assert (mine["status"], mine["cansubmit"], mine["extensionduedate"]) == ("draft", True, 4_000_000_000)
    other, stored = mine["files"]
    assert (other["filename"], other["filesize"]) == ("räw ü.txt", 4)
    assert await data(ask, "downloadSubmissionsFromUser", fileUrls=[stored["fileurl"]]) == [b"x" * 11]

    refused = await ask("submitSubmission", "student_more", **where)
    assert refused["error"]["code"] == "moodle_error"
    assert "statement" in refused["message"]
    done = await data(ask, "submitSubmission", "student_more", **where, acceptStatement=True)
    assert done == {"status": "submitted"}
    late = await ask("saveSubmission", "student_more", **where, files=files)
    assert late["error"]["details"]["errorcode"] == "couldnotsavesubmission"
    again = await ask("submitSubmission", "student_more", **where, acceptStatement=True)
    assert again["error"]["details"]["errorcode"] == "couldnotsubmitforgrading"

    await data(ask, "revertSubmissions", **where, userIDs=[5])
    assert await data(ask, "removeSubmission", "student_more", **where, userID=5) == {"status": "new"}
    assert (await data(ask, "getSubmissionStatus", **where, userID=5))["files"] == []


async def test_saving_nothing_is_refused_before_anything_is_changed(ask: Call) -> None:
    reply = await ask("saveSubmission", "student_more", courseID=2, assignmentID=29)
    assert reply["error"]["code"] == "invalid_request"


async def test_feedback_and_grade_stand_beside_the_submission(ask: Call) -> None:
    found = await data(ask, "getSubmissionStatus", courseID=2, assignmentID=8, userID=5)
    assert (found["grade"], found["gradefordisplay"], found["comment"]) == (
        73.5,
        "73.50 / 100.00",
        "<p>Existing comment</p>",
    )
    assert found["files"][0]["filename"] == "essay.pdf"


async def test_an_older_moodle_says_that_it_has_no_such_function(dispatcher: Dispatcher) -> None:
    async with Sandbox(release="4.4", wider=True) as older:
        options = {"url": older.url, "apiKey": older.token("student_more")}
        payload = {"courseID": 2, "assignmentID": 8, "userID": 5, "options": options}
        reply = await call(dispatcher, "removeSubmission", payload)
    assert reply["error"]["code"] == "not_found"
    assert "has no function mod_assign_remove_submission" in reply["message"]


async def test_one_file_that_is_refused_keeps_the_submission_as_it_was(ask: Call) -> None:
    twice = [{"filename": "same.txt", "content": b"1"}, {"filename": "same.txt", "content": b"2"}]
    reply = await ask("saveSubmission", "student_more", courseID=2, assignmentID=19, files=twice)
    assert reply["error"]["code"] == "moodle_error"
    assert "same.txt" in reply["message"]
    found = await data(ask, "getSubmissionStatus", "student_more", courseID=2, assignmentID=19)
    assert [file["filename"] for file in found["files"]] == ["drafts-1.pdf"]


async def test_any_function_can_be_called_with_nested_parameters(ask: Call) -> None:
    criteria = [{"key": "id", "value": 3}]
    found = await data(ask, "callFunction", function="core_course_get_categories", parameters={"criteria": criteria})
    assert [row["id"] for row in found] == [3]


@pytest.mark.parametrize("release", ["4.4", "4.5", "5.0"])
async def test_a_function_that_is_nowhere_is_told_from_one_that_is_not_for_this_token(
    dispatcher: Dispatcher, release: str
) -> None:
    async with Sandbox(release=release, wider=True) as site:
        for token, function, code, says in (
            ("teacher_more", "local_wsfunc_get_grades", "not_found", "has no function"),
            ("teacher_care", "core_course_get_categories", "access_denied", "core_course_get_categories"),
        ):
            options = {"url": site.url, "apiKey": site.token(token)}
            reply = await call(dispatcher, "callFunction", {"function": function, "options": options})
            assert reply["error"]["code"] == code
            assert says in reply["message"]


@pytest.mark.parametrize("function", ["", "x", "core course", "CORE_get", "core_get;drop", "a_" * 300, 5, None])
async def test_what_is_no_function_is_refused_before_anything_is_sent(
    ask: Call, sandbox: Sandbox, function: object
) -> None:
    assert (await ask("callFunction", "teacher_more", function=function))["error"]["code"] == "invalid_request"
    assert not sandbox.requests


async def test_submissions_say_how_late_they_were_with_extensions_counted(ask: Call, sandbox: Sandbox) -> None:
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    where: dict[str, Any] = {"courseID": 2, "assignmentID": 8}
    row = next(each for each in (await data(ask, _SUBMITTED, **where)) if each["status"] == "submitted")
    assert "minutesLate" not in row
    assignment.duedate = row["timemodified"] - 90

    late = {each["userid"]: each["minutesLate"] for each in await data(ask, _SUBMITTED, **where, late=True)}
    assert late[row["userid"]] == 2

    date = row["timemodified"] + 60
    await data(ask, "setExtensions", **where, userIDs=[row["userid"]], date=date)
    late = {each["userid"]: each["minutesLate"] for each in await data(ask, _SUBMITTED, **where, late=True)}
    assert late[row["userid"]] == 0


async def test_how_late_is_null_where_the_key_may_not_read_extensions(ask: Call, sandbox: Sandbox) -> None:
    service = sandbox.site.services["more"]
    sandbox.site.services["more"] = replace(service, functions=service.functions - {"mod_assign_get_user_flags"})
    rows = await data(ask, _SUBMITTED, courseID=2, assignmentID=8, late=True)
    assert rows
    assert {row["minutesLate"] for row in rows} == {None}


@pytest.mark.parametrize("cmid", [8, 11])
async def test_submissions_can_be_narrowed_to_the_changed_and_to_a_status(
    ask: Call, sandbox: Sandbox, cmid: int
) -> None:
    assignment = sandbox.site.by_cmid(cmid)
    assert assignment is not None
    handed_in = [each for each in assignment.submissions.values() if each.status == "submitted" and each.latest]
    newest = next(each for each in handed_in if each.groupid or cmid == 8)
    newest.timemodified += 100

    async def found(**asked: Any) -> list[tuple[int, str, int, str]]:
        rows = await data(ask, _SUBMITTED, courseID=2, assignmentID=cmid, perMember=True, **asked)
        return [(row["userid"], row["status"], row["timemodified"], row["gradingstatus"]) for row in rows]

    every = await found()
    changed = [row for row in every if row[2] >= newest.timemodified]
    assert 0 < len(changed) < len(every)
    assert await found(since=newest.timemodified) == changed
    for status in ("submitted", "draft"):
        assert await found(status=status) == [row for row in every if row[1] == status]
    assert await found(since=newest.timemodified + 1) == []


def test_categories_without_end_are_no_tree() -> None:
    deep = [CategoryRow(id=each, parent=each - 1) for each in range(1, 102)]
    assert tree(deep[:-1], [])
    with pytest.raises(BadResponse, match="deeper than 100"):
        tree(deep, [])


@pytest.mark.timeout(20)
def test_a_category_that_is_listed_again_is_one() -> None:
    deep = [CategoryRow(id=each, parent=each - 1) for each in range(1, 51)]
    nothing: list[tuple[int, str]] = []
    (branch,) = tree(deep * 2, nothing)
    assert [each.category.id for each in branch.branches] == [2]
