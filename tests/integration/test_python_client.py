"""What a backend in Python sees, through python-socketio's own client."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rpc_moodle.sandbox import Sandbox
from utils.client import Client, connected

COURSE, ESSAY = 2, 8
STUDENTS = 34


@pytest.fixture(params=[("polling", "websocket"), ("polling",), ("websocket",)], ids="-".join)
async def backend(request: pytest.FixtureRequest, service: str) -> AsyncIterator[Client]:
    async with connected(service, transports=request.param) as client:
        yield client


@pytest.fixture
def options(sandbox: Sandbox) -> dict[str, str]:
    return {"url": sandbox.url, "apiKey": sandbox.token("teacher_full")}


@pytest.fixture
def older(sandbox: Sandbox) -> dict[str, str]:
    """Options in the words of older callers, ids included."""
    return {"apiUrl": sandbox.url, "token": sandbox.token("teacher_full"), "courseID": "2", "assignmentID": "8"}


async def files_of(backend: Client, options: dict[str, str]) -> list[dict[str, Any]]:
    essay = {"courseID": COURSE, "assignmentID": ESSAY, "options": options}
    reply = await backend.call("getSubmissionsInfosFromAssignment", essay)
    assert reply["success"], reply
    return [file for row in reply["data"] for file in row["files"]]


def stored(sandbox: Sandbox) -> list[str]:
    """The SHA-1 of every file that was submitted to the essay, in the order of submissions."""
    essay = sandbox.site.by_cmid(ESSAY)
    assert essay is not None
    return [file.sha1 for row in essay.submissions.values() for file in row.files]


def sha1(content: bytes) -> str:
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()


async def test_users_of_course_and_assignment_come_in_both_dialects(
    backend: Client, options: dict[str, str], older: dict[str, str]
) -> None:
    ids = {"courseID": COURSE, "assignmentID": ESSAY}
    for event, count in (("getUsersFromCourse", STUDENTS), ("getUsersFromAssignment", 31)):
        replies = [
            await backend.call(event, {**ids, "options": options}),
            await backend.call(event, {"options": older}),
        ]
        assert replies[0]["data"] == replies[1]["data"]
        assert len(replies[0]["data"]) == count
        assert all(user["extId"] == user["id"] for user in replies[0]["data"])


async def test_downloaded_files_are_what_was_submitted(
    backend: Client, options: dict[str, str], sandbox: Sandbox
) -> None:
    files = (await files_of(backend, options))[:10]
    reply = await backend.call("downloadSubmissionsFromUser", {"fileUrls": [file["fileurl"] for file in files]})
    assert [sha1(content) for content in reply["data"]] == stored(sandbox)[:10]


async def test_a_stream_brings_every_file(backend: Client, options: dict[str, str], sandbox: Sandbox) -> None:
    files = await files_of(backend, options)
    contents = [b""] * len(files)

    def take(part: dict[str, Any]) -> bool:
        contents[part["index"]] += part["chunk"]
        return True  # which acknowledges it

    backend.on("file", take)
    reply = await backend.call("downloadSubmissionsFromUrl", {"submission_infos": files, "stream": True})
    assert reply["success"], reply
    assert [sha1(content) for content in contents] == stored(sandbox)


async def test_feedback_is_stored(backend: Client, options: dict[str, str], sandbox: Sandbox) -> None:
    essay = {"courseID": COURSE, "assignmentID": ESSAY, "options": options}
    reply = await backend.call("publishAssignmentTextFeedback", {**essay, "feedback": [{"extId": 5, "text": "Good."}]})
    assert reply["data"]["published"] == 1
    assignment = sandbox.site.by_cmid(ESSAY)
    assert assignment is not None
    grade = assignment.grades[5, 0]
    assert grade.comment is not None
    assert "Good." in grade.comment.text
    assert grade.grade == 73.5, "a text never changes a grade"


@pytest.mark.parametrize("payload", ["text", None, 7, [], {}, {"courseID": "12; drop"}, {"courseID": 2, "options": 3}])
async def test_a_wrong_payload_is_answered_and_the_socket_goes_on(backend: Client, payload: object) -> None:
    reply = await backend.call("getUsersFromCourse", payload)
    assert reply["error"]["code"] == "invalid_request"
    assert (await backend.call("call", None))["data"] == "Hello World!"


async def test_a_site_that_answers_html_is_a_bad_response(
    backend: Client, options: dict[str, str], html_site: str
) -> None:
    reply = await backend.call("getUsersFromCourse", {"courseID": COURSE, "options": {**options, "url": html_site}})
    assert reply["error"]["code"] == "bad_response"


async def test_calls_in_flight_get_their_own_answers(backend: Client, options: dict[str, str]) -> None:
    courses = [2, 4, 5] * 20
    replies = await asyncio.gather(
        *(backend.call("getUsersFromCourse", {"courseID": course, "options": options}) for course in courses)
    )
    assert [len(reply["data"]) for reply in replies] == [STUDENTS, 1, 51] * 20
