import threading

import pytest

from rpc_moodle.methods import submissions
from rpc_moodle.methods.submissions import _check_repeated
from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.errors import AnswerTooLarge
from rpc_moodle.moodle.models import EditorField, File, FileArea, Plugin, Submission
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.transport.allowance import Allowance, AnswerLimits
from tests.methods.conftest import Call

EVENT = "getSubmissionsInfosFromAssignment"


async def test_a_submission_names_its_user_and_its_files(ask: Call, sandbox: Sandbox) -> None:
    rows = (await ask(EVENT, courseID=2, assignmentID=8))["data"]
    row = next(row for row in rows if row["userid"] == 6)
    assert row["userIds"] == [6]
    assert row["userInfo"] == {
        "firstName": "Łukasz",
        "lastName": "Żółć",
        "email": "student2@example.com",
        "roles": "teacher, student",
    }
    assert (row["status"], row["gradingstatus"], row["attemptnumber"]) == ("submitted", "graded", 0)
    assert [file["filename"] for file in row["files"]] == ["Größe  Übung (final) #1.pdf", "räw data+100%.csv"]
    assert row["files"][1]["filepath"] == "/data/nested/"
    assert row["submissionURLs"] == [{"filename": f["filename"], "fileurl": f["fileurl"]} for f in row["files"]]


async def test_both_names_of_the_event_answer_alike(ask: Call) -> None:
    first = (await ask(EVENT, courseID=2, assignmentID=8))["data"]
    second = (await ask("getSubmissionInfosFromAssignment", courseID=2, assignmentID=8))["data"]
    assert [row["submissionId"] for row in first] == [row["submissionId"] for row in second]


async def test_no_file_url_gives_the_token_away(ask: Call, sandbox: Sandbox) -> None:
    reply = await ask(EVENT, courseID=2, assignmentID=8)
    assert sandbox.token("teacher_care") not in str(reply)
    assert all("ticket=" in file["fileurl"] for row in reply["data"] for file in row["files"])


@pytest.mark.parametrize("token", ["teacher_care", "teacher_full"])
async def test_a_team_stands_once_with_all_its_members(ask: Call, token: str) -> None:
    rows = (await ask(EVENT, token, courseID=2, assignmentID=11))["data"]
    teams = {row["groupid"]: row for row in rows if row["groupid"]}
    assert sorted(teams) == [1, 2]
    assert teams[1]["userIds"] == [5, 6, 7, 8, 9]
    assert teams[1]["userid"] == 0
    assert teams[1]["files"][0]["filename"] == "team-a.pdf"
    assert teams[1]["userInfo"] == {"firstName": "", "lastName": "", "email": "", "roles": ""}
    everyone = [user for row in rows for user in row["userIds"]]
    assert len(everyone) == len(set(everyone))


async def test_a_team_stands_once_for_each_member_where_that_is_asked_for(ask: Call, sandbox: Sandbox) -> None:
    once = (await ask(EVENT, courseID=2, assignmentID=11))["data"]
    rows = (await ask(EVENT, courseID=2, assignmentID=11, perMember=True))["data"]
    assert sorted(row["userid"] for row in rows) == sorted(user for row in once for user in row["userIds"])
    team = [row for row in rows if row["groupid"] == 1]
    assert [row["userid"] for row in team] == [5, 6, 7, 8, 9]
    assert {row["files"][0]["filename"] for row in team} == {"team-a.pdf"}
    assert team[0]["userInfo"]["lastName"] == "Müller"
    assert team[0]["userIds"] == [5, 6, 7, 8, 9]


async def test_a_row_that_holds_nothing_is_no_submission(ask: Call, sandbox: Sandbox) -> None:
    before = (await ask(EVENT, courseID=2, assignmentID=8))["data"]
    moodle = {"url": sandbox.url, "apiKey": sandbox.token("teacher_full")}
    assert 24 not in [row["userid"] for row in before]
    async with MoodleClient(moodle["url"], moodle["apiKey"]) as client:  # looking makes a row with the status `new`
        await client.call("mod_assign_get_submission_status", {"assignid": 1, "userid": 24})
    assert len((await ask(EVENT, courseID=2, assignmentID=8))["data"]) == len(before)


async def test_blind_submissions_name_nobody(ask: Call) -> None:
    rows = (await ask(EVENT, courseID=2, assignmentID=12))["data"]
    assert rows
    assert all(set(row["userInfo"].values()) == {""} for row in rows)


async def test_online_text_comes_with_the_submission(ask: Call) -> None:
    rows = (await ask(EVENT, courseID=2, assignmentID=9))["data"]
    assert rows[0]["onlinetext"] == "<p>My <b>reflection</b> — ünïcode 😀</p>"
    assert rows[0]["files"] == []


async def test_no_submissions_are_an_empty_list(ask: Call) -> None:
    assert (await ask(EVENT, courseID=2, assignmentID=10))["data"] == []


async def test_an_account_that_may_not_grade_is_denied(ask: Call) -> None:
    reply = await ask(EVENT, "student_full", courseID=2, assignmentID=8)
    assert reply["error"]["code"] == "access_denied"
    assert "right to grade" in reply["message"]


@pytest.mark.parametrize(
    "limits",
    [
        AnswerLimits(files=5),
        AnswerLimits(bytes=2999),
        AnswerLimits(rows=2),
    ],
    ids=["files", "texts", "rows"],
)
def test_what_each_member_of_a_team_is_given_has_the_limits_of_an_answer(limits: AnswerLimits) -> None:
    text = EditorField(text="x" * 1000)
    plugin = Plugin("onlinetext", fileareas=(FileArea(files=(File(), File())),), editorfields=(text,))
    team = Submission(0, plugins=(plugin,)), [1, 2, 3]
    _check_repeated([team], Allowance(AnswerLimits()))
    with pytest.raises(AnswerTooLarge):
        _check_repeated([team], Allowance(limits))


async def test_a_submission_of_more_files_than_a_slice_is_written_in_a_thread(
    ask: Call, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = {"courseID": 2, "assignmentID": 8, "late": True}
    usual = (await ask(EVENT, "teacher_full", **given))["data"]
    threads: list[str] = []

    def noted(row: Submission) -> int:
        threads.append(threading.current_thread().name)
        return len(row.plugins)

    monkeypatch.setattr(submissions, "_MANY_FILES", 0)
    monkeypatch.setattr(submissions, "texts_of", lambda row: [str(noted(row))])
    rows = (await ask(EVENT, "teacher_full", **given))["data"]
    assert threading.main_thread().name not in threads
    assert [(row["userid"], len(row["files"]), row["minutesLate"]) for row in rows] == [
        (row["userid"], len(row["files"]), row["minutesLate"]) for row in usual
    ]
