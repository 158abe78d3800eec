import pytest

from rpc_moodle.sandbox import Sandbox
from tests.methods.conftest import Call
from utils.dispatch import Dispatcher
from utils.testing import call


@pytest.mark.parametrize("token", ["teacher_care", "teacher_full"])
async def test_participants_are_the_same_with_five_functions_and_with_more(ask: Call, token: str) -> None:
    reply = await ask("getUsersFromAssignment", token, courseID=2, assignmentID=8)
    assert reply["success"], reply
    assert len(reply["data"]) == 31
    assert {"roles", "extId", "firstName"} <= reply["data"][0].keys()


@pytest.mark.parametrize("token", ["teacher_care", "teacher_full"])
async def test_participants_are_there_before_anybody_has_submitted(ask: Call, token: str) -> None:
    assert len((await ask("getUsersFromAssignment", token, courseID=2, assignmentID=10))["data"]) == 31


@pytest.mark.parametrize("token", ["teacher_care", "teacher_full"])
async def test_blind_marking_stays_blind(ask: Call, token: str) -> None:
    users = (await ask("getUsersFromAssignment", token, courseID=2, assignmentID=12))["data"]
    assert len(users) == 31
    for user in users:
        assert user["email"] == user["firstname"] == user["lastName"] == user["username"] == ""
        assert user["fullname"].startswith("Participant ")


async def test_the_number_is_the_course_module_id_and_the_error_says_so(ask: Call) -> None:
    reply = await ask("getUsersFromAssignment", courseID=2, assignmentID=1)
    assert reply["error"]["code"] == "not_found"
    assert "1 is the instance id of the assignment 8" in reply["message"]


async def test_an_assignment_is_resolved_once_per_call(ask: Call, sandbox: Sandbox) -> None:
    await ask("getUsersFromAssignment", "teacher_full", courseID=2, assignmentID=8)
    functions = [seen.function for seen in sandbox.requests]
    assert functions.count("mod_assign_get_assignments") == 1


@pytest.mark.parametrize("assignment", [8, 12])
async def test_where_moodle_lists_nobody_there_is_nobody(
    ask: Call, monkeypatch: pytest.MonkeyPatch, assignment: int
) -> None:
    async def nobody(*_: object) -> list[object]:
        return []

    monkeypatch.setattr("rpc_moodle.moodle.participants.listed", nobody)
    reply = await ask("getUsersFromAssignment", "teacher_full", courseID=2, assignmentID=assignment)
    assert reply["data"] == []


async def test_an_account_without_the_right_to_filter_falls_back_to_roles(ask: Call) -> None:
    reply = await ask("getUsersFromAssignment", "student_full", courseID=2, assignmentID=8)
    assert reply["success"], reply
    assert all("student" in user["roles"] for user in reply["data"])


async def test_a_token_without_the_functions_names_the_one_that_is_missing(ask: Call) -> None:
    reply = await ask("getUsersFromAssignment", "teacher_enrolonly", courseID=2, assignmentID=8)
    assert reply["error"]["code"] == "access_denied"
    assert "mod_assign_get_assignments" in reply["message"]


async def test_a_site_in_maintenance_is_unavailable(sandbox: Sandbox, dispatcher: Dispatcher) -> None:
    sandbox.site.mode = type(sandbox.site.mode)("cli_maintenance")
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_care")}
    reply = await call(dispatcher, "getUsersFromAssignment", {"courseID": 2, "assignmentID": 8, "options": options})
    assert reply["error"]["code"] == "site_unavailable"
    assert reply["error"]["details"]["retryAfter"] == 300
