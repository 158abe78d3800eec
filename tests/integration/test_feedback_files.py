"""Feedback files over real sockets: from Python's and Node's own clients, byte for byte into Moodle."""

import hashlib
import os
from collections.abc import AsyncIterator

import pytest

from rpc_moodle.sandbox import Sandbox
from tests.integration.node_caller import NODE, installed, run_script
from utils.client import connected

FILES = {"courseID": 2, "assignmentID": 28}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=1, wider=True) as site:
        yield site


@pytest.mark.parametrize("transports", [("polling", "websocket"), ("polling",), ("websocket",)], ids="-".join)
async def test_bytes_are_stored_as_they_were_sent(service: str, sandbox: Sandbox, transports: tuple[str, ...]) -> None:
    contents = {f"{number}.bin": os.urandom(50_000) for number in range(12)}
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_full")}
    files = [{"filename": name, "content": content} for name, content in contents.items()]
    payload = {**FILES, "options": options, "feedback": [{"extId": 5, "files": files}]}
    async with connected(service, transports=transports) as backend:
        reply = await backend.call("publishAssignmentTextFeedback", payload)
        again = await backend.call("publishAssignmentTextFeedback", payload)
    assert reply["success"], reply
    said = {row["filename"]: (row["sha1"], row["status"]) for row in reply["data"]["results"][0]["files"]}
    assert said == {
        name: (hashlib.sha1(content, usedforsecurity=False).hexdigest(), "stored") for name, content in contents.items()
    }
    assert again["data"]["unchanged"] == 1
    one = sandbox.site.by_cmid(28)
    assert one is not None
    assert {file.filename: file.content for file in one.grades[5, 0].files} == contents


@pytest.mark.skipif(not installed(), reason="the Node tests need Node and npm")
async def test_buffers_of_a_node_backend_arrive_byte_for_byte(service: str, sandbox: Sandbox, html_site: str) -> None:
    script = NODE / "feedback.mjs"
    await run_script(script, service=service, moodle=sandbox.url, moodle_from_here=sandbox.url, html=html_site)
