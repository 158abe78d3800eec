import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from decimal import Decimal
from typing import Any

import pytest

from rpc_moodle.errors import translate
from rpc_moodle.methods import feedback
from rpc_moodle.moodle import Http, MoodleClient, assignments
from rpc_moodle.moodle.publishing import Entry, Publication
from rpc_moodle.publications import Publications
from rpc_moodle.sandbox import Fault, Sandbox, Seen, add_cases
from tests.moodle.publishing.lookout import FULL, Lookout
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.testing import FakeCaller, call

Ask = Callable[..., Coroutine[Any, Any, Envelope]]
PUBLISH = "publishAssignmentTextFeedback"


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http() as pool:
        yield pool


@pytest.fixture
async def publications() -> AsyncIterator[Publications]:
    async with Publications(grace=0.1) as kept:
        yield kept


@pytest.fixture
def dispatcher(http: Http, publications: Publications) -> Dispatcher:
    return Dispatcher(feedback.methods, shared=(http, publications), translate=translate)


@pytest.fixture
def lookout(sandbox: Sandbox) -> Lookout:
    return Lookout(sandbox.site)


@pytest.fixture
def saving(lookout: Lookout) -> str:
    """Make a key of the teacher's that may call all but Moodle's own form."""
    return lookout.token_for(FULL)


@pytest.fixture
def ask(sandbox: Sandbox, dispatcher: Dispatcher, saving: str) -> Ask:
    async def ask(
        event: str,
        token: str = "saving",
        caller: FakeCaller | None = None,
        options: dict[str, Any] | None = None,
        **payload: Any,
    ) -> Envelope:
        key = saving if token == "saving" else sandbox.token(token)
        credentials = {"url": sandbox.url, "apiKey": key, **(options or {})}
        return await call(dispatcher, event, {"options": credentials, **payload}, caller=caller)

    return ask


def rows(reply: Envelope) -> list[tuple[int, str, str]]:
    return [(row["extId"], row["status"], row["code"]) for row in reply["data"]["results"]]


async def test_a_report_tells_what_became_of_each_user(ask: Ask, lookout: Lookout) -> None:
    before = lookout.state()
    reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback_data=[{"extId": 5, "text": "Well done"}])
    assert reply["success"]
    assert reply["data"] == {
        "published": 1,
        "unchanged": 0,
        "failed": 0,
        "results": [
            {
                "extId": 5,
                "status": "published",
                "code": "",
                "message": "",
                "retryable": False,
                "notices": ["notified"],
                "writer": "mod_assign_save_grade",
                "attempt": 0,
            }
        ],
    }
    assert lookout.changes(before) == {(1, 5): {"comments"}}


async def test_both_dialects_and_extra_keys_are_taken(ask: Ask, lookout: Lookout) -> None:
    reply = await ask(
        PUBLISH,
        options={"courseID": "2", "assignmentID": "8"},
        feedback=[{"extId": "6", "text": "Text", "score": 3, "name": "x"}, {"extId": 7, "text": "T", "grade": "55.5"}],
    )
    assert (reply["data"]["published"], lookout.grade(1, 6), lookout.grade(1, 7)) == (2, 41, 55.5)


async def test_a_partial_failure_names_the_users_and_holds_the_whole_report(ask: Ask) -> None:
    items = [{"extId": user, "text": "x"} for user in (5, 99999, 6)]
    reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback_data=items)
    assert not reply["success"]
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("partial_failure", False)
    assert reply["message"].startswith("1 of 3 users failed: 99999 (not_a_participant). ")
    assert rows(reply) == [(5, "published", ""), (99999, "failed", "not_a_participant"), (6, "published", "")]


async def test_a_user_whose_grade_cannot_be_read_is_told_which_function_to_enable(ask: Ask) -> None:
    reply = await ask(PUBLISH, "teacher_care", courseID=2, assignmentID=8, feedback=[{"extId": 5, "text": "x"}])
    assert rows(reply) == [(5, "failed", "grade_unknown")]
    assert "mod_assign_get_submission_status" in reply["message"]


@pytest.mark.parametrize(
    ("payload", "path"),
    [
        ({"feedback": [{"extId": user, "text": "x"} for user in range(1, 5002)]}, "feedback"),
        ({"feedback": [{"extId": 5, "text": "x"}], "workflowState": "Graded"}, "feedback"),
        ({"feedback": {"extId": 5, "text": "x"}}, "feedback"),
        ({"feedback": [{"extId": 5, "text": "x"}], "format": "latex"}, "format"),
        ({}, "feedback"),
    ],
)
async def test_a_wrong_payload_is_refused_with_its_place_and_nothing_is_written(
    ask: Ask, lookout: Lookout, payload: dict[str, Any], path: str
) -> None:
    before = lookout.state()
    reply = await ask(PUBLISH, courseID=2, assignmentID=8, **payload)
    assert (reply["success"], reply["error"]["code"]) == (False, "invalid_request")
    assert path in [field["path"] for field in reply["error"]["details"]["fields"]]
    assert lookout.changes(before) == {}


@pytest.mark.parametrize(
    ("row", "named", "says"),
    [
        ({"extId": 7, "text": ""}, 7, "empty"),
        ({"extId": 7, "text": "<p></p>"}, 7, "empty"),
        ({"extId": 7, "text": "x" * 1_000_001}, 7, "1000000"),
        ({"extId": "", "text": "x"}, "", "extId must be a whole number"),
        ({"extId": "12; drop", "text": "x"}, "12; drop", "extId must be a whole number"),
        ({"extId": True, "text": "x"}, None, "extId must be a whole number"),
        ({"extId": {"a": 1}, "text": "x"}, None, "extId"),
        ({"text": "x"}, None, "extId is missing"),
        ({"extId": 7, "participant": 3, "text": "x"}, 7, "extId and participant"),
        ({"extId": 7}, 7, "text is missing"),
        ({"extId": 7, "text": None}, 7, "text"),
        ({"extId": 7, "text": "x", "grade": True}, 7, "grade must be a number"),
        ({"extId": 7, "text": "x", "grade": [1]}, 7, "grade must be a number"),
        ("no row", None, ""),
    ],
)
async def test_a_bad_row_costs_only_itself(ask: Ask, lookout: Lookout, row: Any, named: object, says: str) -> None:
    items = [{"extId": 5, "text": "fine"}, row, {"extId": 6, "text": "fine"}]
    reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=items)
    assert reply["error"]["code"] == "partial_failure"
    assert (reply["data"]["published"], reply["data"]["failed"]) == (2, 1)
    [bad] = [each for each in reply["data"]["results"] if each["status"] == "failed"]
    assert (bad["extId"], bad["code"]) == (named, "invalid_entry")
    assert says in bad["message"]
    assert lookout.comment(1, 7) != "x"


async def test_different_rows_of_one_user_fail_unless_a_rule_is_given(ask: Ask, lookout: Lookout) -> None:
    items = [{"extId": 5, "text": "a"}, {"extId": 5, "text": "b"}, {"extId": 6, "text": "c"}]
    reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=items)
    assert rows(reply) == [(5, "failed", "ambiguous"), (6, "published", "")]
    reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=items, onDuplicate="last")
    assert (rows(reply), lookout.comment(1, 5)) == ([(5, "published", ""), (6, "unchanged", "")], "b")


async def test_a_row_may_name_the_participant_of_a_blind_assignment(ask: Ask, sandbox: Sandbox) -> None:
    mapping = (await ask_moodle(sandbox))["mappings"][0]
    items = [{"participant": mapping["id"], "text": "x"}, {"participant": 99999, "text": "x"}]
    reply = await ask(PUBLISH, courseID=2, assignmentID=12, feedback=items)
    found = [(each["extId"], each["participant"], each["code"]) for each in reply["data"]["results"]]
    assert found == [(None, mapping["id"], ""), (None, 99999, "invalid_entry")]


async def ask_moodle(sandbox: Sandbox) -> Any:
    """The participant numbers of the blind assignment."""
    async with MoodleClient(sandbox.url, sandbox.token("teacher_full")) as moodle:
        answer = await moodle.call("mod_assign_get_user_mappings", {"assignmentids": [5]})
    return answer["assignments"][0]


async def test_an_unknown_assignment_is_not_found(ask: Ask) -> None:
    reply = await ask(PUBLISH, courseID=2, assignmentID=1, feedback=[{"extId": 5, "text": "x"}])
    assert (reply["success"], reply["error"]["code"]) == (False, "not_found")


async def test_an_error_that_is_everybodys_is_the_calls_own(ask: Ask, sandbox: Sandbox, lookout: Lookout) -> None:
    before = lookout.state()
    reply = await ask(PUBLISH, "student_full", courseID=2, assignmentID=8, feedback=[{"extId": 5, "text": "x"}])
    assert (reply["success"], reply["error"]["code"]) == (False, "access_denied")
    assert lookout.changes(before) == {}


async def test_options_reach_the_engine(ask: Ask, lookout: Lookout) -> None:
    before = lookout.state()
    item = [{"extId": 10, "text": "<b>x</b>"}]
    dry = await ask(PUBLISH, courseID=2, assignmentID=11, feedback=item, applyToTeam=True, dryRun=True, format="html")
    assert (dry["data"]["published"], lookout.changes(before)) == (5, {})
    assert {row["code"] for row in dry["data"]["results"]} == {"dry_run"}
    assert [row.get("via") for row in dry["data"]["results"]] == [None, 10, 10, 10, 10]
    state = await ask(
        PUBLISH, courseID=2, assignmentID=13, feedback=[{"extId": 6, "text": "x"}], workflowState="released"
    )
    assert lookout.state()[6, 6].workflow == "released"
    assert rows(state) == [(6, "published", "")]
    await ask(PUBLISH, courseID=2, assignmentID=8, feedback=[{"extId": 5, "text": ""}], clear=True)
    assert lookout.comment(1, 5) == ""


async def test_a_filled_rubric_comes_through(ask: Ask, sandbox: Sandbox, lookout: Lookout) -> None:
    one = add_cases(sandbox.site)["rubric"]
    criteria = [{"criterionId": 3, "levelId": "7", "remark": "ok"}, {"criterionId": 4, "levelId": 10}]
    row = {"extId": 8, "text": "x", "advancedGrading": {"method": "rubric", "criteria": criteria}}
    reply = await ask(PUBLISH, "teacher_more", courseID=one.courseid, assignmentID=one.cmid, feedback=[row])
    assert (reply["success"], lookout.grade(one.id, 8)) == (True, 75)


class TestGrades:
    async def test_grades_leave_comments_as_they_are(self, ask: Ask, lookout: Lookout) -> None:
        before = lookout.state()
        items = [{"extId": 5, "grade": 12.5}, {"extId": "6", "grade": "0"}, {"extId": 24, "grade": 1e-05, "text": "x"}]
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=items)
        assert reply["success"]
        assert lookout.changes(before) == {(1, 5): {"grades"}, (1, 6): {"grades"}, (1, 24): {"grades", "comments"}}
        assert (lookout.grade(1, 5), lookout.grade(1, 24)) == (12.5, 0.00001)

    async def test_points_of_the_callers_scale_are_converted(self, ask: Ask, lookout: Lookout) -> None:
        items = [{"extId": 5, "grade": 1}, {"extId": 6, "grade": 5.1}]
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=items, maxGrade=5)
        assert rows(reply) == [(5, "published", ""), (6, "failed", "grade_out_of_range")]
        assert lookout.grade(1, 5) == 20

    @pytest.mark.parametrize("most", [0, -5, "x", None])
    async def test_a_maximum_that_is_none_is_refused_and_null_is_none(self, ask: Ask, most: object) -> None:
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=[{"extId": 5, "grade": 9}], maxGrade=most)
        assert reply["success"] is (most is None)

    async def test_an_item_without_grade_and_text_fails(self, ask: Ask) -> None:
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=[{"extId": 5, "grade": ""}])
        assert rows(reply) == [(5, "failed", "invalid_entry")]

    async def test_an_empty_text_leaves_the_comment(self, ask: Ask, lookout: Lookout) -> None:
        items = [{"extId": 5, "grade": 12, "text": ""}]
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=items)
        assert (reply["success"], lookout.comment(1, 5)) == (True, "<p>Existing comment</p>")


class TestGetPublication:
    async def test_the_report_can_be_fetched_by_whoever_published(self, ask: Ask) -> None:
        reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=[{"extId": 5, "text": "x"}], progressId="mine")
        fetched = await ask("getPublication", progressId="mine")
        assert fetched["data"] == {**reply["data"], "pending": 0, "running": False}

    async def test_nobody_elses_key_finds_it(self, ask: Ask) -> None:
        await ask(PUBLISH, courseID=2, assignmentID=8, feedback=[{"extId": 5, "text": "x"}], progressId="mine")
        for token, name in (("admin_full", "mine"), ("teacher_care", "mine"), ("saving", "other")):
            reply = await ask("getPublication", token, progressId=name)
            assert (reply["success"], reply["error"]["code"]) == (False, "not_found")

    async def test_without_a_name_nothing_can_be_asked(self, ask: Ask) -> None:
        reply = await ask("getPublication")
        assert reply["error"]["code"] == "invalid_request"

    async def test_after_a_disconnect_it_tells_what_was_written(
        self, ask: Ask, sandbox: Sandbox, dispatcher: Dispatcher, lookout: Lookout
    ) -> None:
        def cut_off(seen: Seen) -> Fault:
            if "save_grade" in seen.function:
                dispatcher.cut_off()
            return Fault.NONE

        sandbox.site.fault = cut_off
        items = [{"extId": user, "text": f"For {user}"} for user in range(5, 15)]
        reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=items, progressId="mine")
        assert reply["error"]["code"] == "timeout"
        fetched = await self._finished(ask)
        written = {user for user in range(5, 15) if lookout.comment(1, user) == f"For {user}"}
        assert {row["extId"] for row in fetched["data"]["results"] if row["status"] == "published"} == written
        assert (fetched["data"]["pending"], len(fetched["data"]["results"])) == (0, 10)
        again = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=items)
        assert (again["data"]["unchanged"], again["data"]["failed"]) == (len(written), 0)

    @staticmethod
    async def _finished(ask: Ask) -> Envelope:
        while True:
            fetched = await ask("getPublication", progressId="mine")
            if not fetched["data"]["running"]:
                return fetched


async def test_a_call_whose_time_runs_out_answers_in_time_and_names_what_is_open(
    ask: Ask, sandbox: Sandbox, lookout: Lookout
) -> None:
    sandbox.site.fault = lambda seen: Fault.HANG_BEFORE if "save_grade" in seen.function else Fault.NONE
    items = [{"extId": user, "text": f"For {user}"} for user in (5, 6)]
    reply = await ask(PUBLISH, options={"timeoutMs": 1500}, courseID=2, assignmentID=8, feedback=items)
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("partial_failure", True)
    assert {row["code"] for row in reply["data"]["results"]} <= {"outcome_unknown", "timeout"}


async def test_progress_events_come_while_it_runs(ask: Ask) -> None:
    caller = FakeCaller()
    items = [{"extId": user, "text": "x"} for user in range(5, 35)]
    await ask(PUBLISH, caller=caller, courseID=2, assignmentID=8, feedback=items, progressId="p")
    events = [data for event, data in caller.events if event == "progress"]
    assert [(event["progressId"], event["done"], event["total"]) for event in events][-1] == ("p", 30, 30)


async def test_two_calls_to_one_assignment_run_one_after_the_other(ask: Ask, lookout: Lookout) -> None:
    items = [{"extId": user, "text": f"For {user}"} for user in range(5, 15)]
    replies = await asyncio.gather(*(ask(PUBLISH, courseID=2, assignmentID=8, feedback=items) for _ in range(3)))
    assert sorted(reply["data"]["published"] for reply in replies) == [0, 0, 10]
    assert len(lookout.writes()) == 1


async def test_whoever_waits_in_vain_for_another_publication_is_told_that_nothing_was_sent(
    ask: Ask, sandbox: Sandbox, lookout: Lookout
) -> None:
    hanging = asyncio.Event()

    def hang(seen: Seen) -> Fault:
        if "save_grade" not in seen.function:
            return Fault.NONE
        hanging.set()
        return Fault.HANG_BEFORE

    sandbox.site.fault = hang
    item = {"options": {"timeoutMs": 60_000}, "courseID": 2, "assignmentID": 8}
    first = asyncio.create_task(ask(PUBLISH, feedback=[{"extId": 5, "text": "x"}], **item))
    await hanging.wait()
    item["options"] = {"timeoutMs": 1500}
    second = await ask(PUBLISH, feedback=[{"extId": 6, "text": "x"}], progressId="late", **item)
    assert rows(second) == [(6, "failed", "timeout")]
    assert (await ask("getPublication", progressId="late"))["data"]["results"] == second["data"]["results"]
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)


class TestKept:
    @staticmethod
    async def run(kept: Publications, sandbox: Sandbox, http: Http, name: str, users: int = 2) -> MoodleClient:
        moodle = MoodleClient(sandbox.url, sandbox.token("teacher_full"), http=http)
        entries = [Entry(user, grade=Decimal(1)) for user in range(5, 5 + users)]
        publication = Publication(moodle, await assignments.assignment(moodle, 2, 8), entries)
        await kept.run(publication, moodle, progress_id=name, time_left=lambda: 60)
        return moodle

    async def test_reports_are_dropped_after_their_time(self, sandbox: Sandbox, http: Http) -> None:
        now = 0.0
        async with Publications(seconds=10, clock=lambda: now) as kept:
            moodle = await self.run(kept, sandbox, http, "a")
            now = 9.0
            assert kept.find(moodle, "a") is not None
            now = 10.0
            assert kept.find(moodle, "a") is None

    async def test_the_oldest_make_room(self, sandbox: Sandbox, http: Http) -> None:
        async with Publications(capacity=2) as kept:
            moodle, *_ = [await self.run(kept, sandbox, http, name) for name in "abc"]
            assert [kept.find(moodle, name) is not None for name in "abc"] == [False, True, True]

    async def test_their_users_are_limited_too(self, sandbox: Sandbox, http: Http) -> None:
        async with Publications(results=5) as kept:
            moodle, *_ = [await self.run(kept, sandbox, http, name) for name in "abc"]
            assert [kept.find(moodle, name) is not None for name in "abc"] == [False, True, True]

    async def test_no_key_and_no_text_is_kept(self, sandbox: Sandbox, http: Http) -> None:
        async with Publications() as kept:
            await self.run(kept, sandbox, http, "a")
            [only] = kept._kept.values()
            assert only.publication is None


class TestFiles:
    @pytest.fixture
    def files(self, sandbox: Sandbox, lookout: Lookout, saving: str) -> Sandbox:
        essay = sandbox.site.by_cmid(8)
        assert essay is not None
        essay.feedback_files = True
        lookout.site.services[lookout.site.tokens[saving].service].uploadfiles = True
        return sandbox

    async def test_a_row_may_have_files_and_no_text(self, ask: Ask, files: Sandbox) -> None:
        sent = [{"filename": "a:b.pdf", "content": b"%PDF"}]
        reply = await ask(PUBLISH, courseID=2, assignmentID=8, feedback=[{"extId": 5, "files": sent}])
        (row,) = reply["data"]["results"]
        sha1 = "39b6d73eff36493ba0674e48255a9d81724b4521"
        named = {"filename": "a:b.pdf", "name": "ab.pdf"}
        assert row["files"] == [{**named, "size": 4, "sha1": sha1, "status": "stored"}]

    async def test_a_dry_run_shows_the_files_before_and_after(self, ask: Ask, files: Sandbox) -> None:
        row = {"extId": 5, "grade": 50, "files": [{"filename": "a.pdf", "content": b"%PDF"}]}
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=[row], dryRun=True)
        (shown,) = reply["data"]["results"]
        assert (shown["before"]["files"], shown["after"]["files"]) == ([], ["/a.pdf"])
        assert shown["files"][0]["status"] == "dry_run"

    async def test_they_are_replaced_where_that_is_asked_for(self, ask: Ask, files: Sandbox) -> None:
        for name in ("old.pdf", "new.pdf"):
            row = {"extId": 5, "files": [{"filename": name, "content": b"%PDF"}]}
            await ask("publishGrades", courseID=2, assignmentID=8, grades=[row], replaceFiles=True)
        essay = files.site.by_cmid(8)
        assert essay is not None
        assert [file.filename for file in essay.grades[5, 0].files] == ["new.pdf"]

    @pytest.mark.parametrize(
        ("file", "says"),
        [
            ({"content": b"x"}, "files.0.filename is missing."),
            ({"filename": "a.txt"}, "files.0.content is missing."),
            ({"filename": "a.txt", "content": 5}, "files.0.content Input should be a valid bytes."),
            (
                {"filename": "a.txt", "content": {"path": "/etc/passwd"}},
                "files.0.content Input should be a valid bytes.",
            ),
            ({"filename": "../a.txt", "content": b"x"}, "files.0.filename has a folder in it; pass the name alone."),
            ({"filename": "a.txt", "content": b""}, "files.0.content is empty."),
        ],
    )
    async def test_a_file_that_makes_no_sense_costs_its_row_and_is_named(
        self, ask: Ask, files: Sandbox, file: dict[str, Any], says: str
    ) -> None:
        grades = [{"extId": 5, "files": [file]}, {"extId": 6, "grade": 50}]
        reply = await ask("publishGrades", courseID=2, assignmentID=8, grades=grades)
        told = {row["extId"]: (row["status"], row["message"]) for row in reply["data"]["results"]}
        assert told == {5: ("failed", says), 6: ("published", "")}

    async def test_a_name_of_a_file_of_this_machine_is_no_file(self, ask: Ask, files: Sandbox) -> None:
        row = {"extId": 5, "files": [{"filename": "a.txt", "content": "/etc/passwd"}]}
        await ask("publishGrades", courseID=2, assignmentID=8, grades=[row])
        essay = files.site.by_cmid(8)
        assert essay is not None
        assert [bytes(file.content[:]) for file in essay.grades[5, 0].files] == [b"/etc/passwd"]
