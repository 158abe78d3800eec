"""Changing an assignment's introduction through a plugin of the site."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.functions.base import Function
from rpc_moodle.sandbox.people import Service
from rpc_moodle.sandbox.work import Assignment
from tests.methods.conftest import Call
from utils.contract import Envelope

UTILS = "local_activity_utils_update_assignment"
TASK = {"filename": "task.txt", "content": b"task"}
DATED = 29


@pytest.fixture(params=["local_activity_utils", "local_coursepilot"])
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox]:
    async with Sandbox(users=0, wider=True, installed=[request.param]) as running:
        yield running


both = pytest.mark.parametrize("sandbox", ["local_activity_utils", "local_coursepilot"], indirect=True)
one = pytest.mark.parametrize("sandbox", ["local_activity_utils"], indirect=True)


async def edit(ask: Call, **payload: Any) -> Envelope:
    return await ask("updateAssignment", "teacher_edit", courseID=2, assignmentID=DATED, **payload)


def dated(sandbox: Sandbox) -> Assignment:
    found = sandbox.site.by_cmid(DATED)
    assert found is not None
    return found


def written(sandbox: Sandbox) -> list[str]:
    return [seen.function for seen in sandbox.requests if seen.function.startswith("local_")]


@both
async def test_an_introduction_is_changed_and_nothing_else(ask: Call, sandbox: Sandbox) -> None:
    reply = await edit(ask, introduction="<p>Read <i>that</i></p>")
    assert reply["data"] == {"function": written(sandbox)[0], "alsoChanged": []}
    assert dated(sandbox).intro == "<p>Read <i>that</i></p>"
    assert [each.filename for each in dated(sandbox).introattachments] == ["task sheet.pdf"]


@both
async def test_files_are_added_and_those_of_the_same_name_replaced(ask: Call, sandbox: Sandbox) -> None:
    reply = await edit(ask, attachments=[TASK, {"filename": "task sheet.pdf", "content": b"new"}])
    assert reply["success"]
    stored = {each.filename: each.content for each in dated(sandbox).introattachments}
    assert stored == {"task.txt": b"task", "task sheet.pdf": b"new"}
    assert dated(sandbox).intro == "<p>Read <b>this</b></p>"


@both
async def test_what_is_so_already_is_not_written(ask: Call, sandbox: Sandbox) -> None:
    reply = await edit(ask, introduction="<p>Read <b>this</b></p>")
    assert reply["data"] == {"function": "", "alsoChanged": []}
    assert written(sandbox) == []


@one
async def test_an_introduction_can_be_emptied(ask: Call, sandbox: Sandbox) -> None:
    assert (await edit(ask, introduction=""))["success"]
    assert not dated(sandbox).intro


@one
@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({}, ""),
        ({"attachments": [TASK, TASK]}, ""),
        ({"attachments": [{"filename": "a/b", "content": b""}]}, "filename"),
    ],
)
async def test_what_makes_no_sense_is_refused(ask: Call, sandbox: Sandbox, payload: dict[str, Any], field: str) -> None:
    reply = await edit(ask, **payload)
    assert reply["error"]["code"] == "invalid_request"
    assert field in reply["message"]
    assert not sandbox.requests


@one
async def test_a_site_without_a_plugin_is_told_what_moodle_lacks(ask: Call, sandbox: Sandbox) -> None:
    reply = await ask("updateAssignment", "teacher_more", courseID=2, assignmentID=DATED, introduction="x")
    assert reply["error"]["code"] == "not_found"
    assert "Moodle itself has no web service function" in reply["message"]
    assert written(sandbox) == []


@one
async def test_the_function_of_an_unknown_plugin_is_named_and_not_called(ask: Call, sandbox: Sandbox) -> None:
    name = "local_primacognita_update_assignment"
    sandbox.site.functions[name] = sandbox.site.functions[UTILS]
    others = sandbox.site.services["edit"].functions - {UTILS} | {name}
    sandbox.site.services["edit"] = Service("edit", others)
    reply = await edit(ask, introduction="x")
    assert reply["error"]["code"] == "not_found"
    assert name in reply["message"]
    assert "callFunction" in reply["message"]
    assert written(sandbox) == []


@one
async def test_what_was_not_stored_is_an_error(ask: Call, sandbox: Sandbox) -> None:
    known = sandbox.site.functions[UTILS]
    sandbox.site.functions[UTILS] = Function(UTILS, known.params, lambda *_: {"success": True})
    reply = await edit(ask, introduction="x", attachments=[TASK])
    assert reply["error"]["code"] == "moodle_error"
    assert "has not stored as asked: the introduction, task.txt" in reply["message"]


@one
async def test_what_has_changed_besides_is_a_warning(ask: Call, sandbox: Sandbox) -> None:
    known = sandbox.site.functions[UTILS]

    def careless(call: Any, params: dict[str, Any]) -> Any:
        dated(sandbox).duedate = 0
        return known.run(call, params)

    sandbox.site.functions[UTILS] = Function(UTILS, known.params, careless)
    reply = await edit(ask, introduction="x")
    assert reply["data"]["alsoChanged"] == ["duedate"]
    assert [warning["code"] for warning in reply["warnings"]] == ["also_changed"]


@one
async def test_a_student_may_not(ask: Call, sandbox: Sandbox) -> None:
    reply = await ask("updateAssignment", "student_edit", courseID=2, assignmentID=DATED, introduction="x")
    assert reply["error"]["code"] == "access_denied"
    assert dated(sandbox).intro == "<p>Read <b>this</b></p>"


@one
async def test_an_assignment_that_is_not_there_is_not_found(ask: Call, sandbox: Sandbox) -> None:
    reply = await ask("updateAssignment", "teacher_edit", courseID=2, assignmentID=4242, introduction="x")
    assert reply["error"]["code"] == "not_found"
    assert written(sandbox) == []
