"""A service that is killed has lost nothing that it has acknowledged, and another one finishes its work."""

import asyncio
from typing import Any

import pytest

from rpc_moodle.sandbox import Sandbox
from tests.service_process import serving
from utils.client import Client, connected

COURSE, CMID = 5, 22
STUDENTS = range(40, 140)
A_CALL, AT_A_TIME = 4, 5


def text_for(userid: int) -> str:
    return f"Well argued, number {userid}."


def stored(sandbox: Sandbox) -> dict[int, str]:
    """The comments that the site has, by user."""
    assignment = sandbox.site.by_cmid(CMID)
    assert assignment is not None
    return {userid: row.comment.text for (userid, _), row in assignment.grades.items() if row.comment}


async def publish(backend: Client, sandbox: Sandbox, users: list[int]) -> dict[int, str]:
    """Publish to some students; give the status of each that was acknowledged."""
    options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_full")}
    items = [{"extId": userid, "text": text_for(userid)} for userid in users]
    payload: dict[str, Any] = {"courseID": COURSE, "assignmentID": CMID, "feedback": items, "options": options}
    reply = await backend.call("publishAssignmentTextFeedback", payload)
    assert reply["success"], reply["message"]
    return {row["extId"]: row["status"] for row in reply["data"]["results"]}


@pytest.mark.parametrize("killed_after", [1, 11, 40])
async def test_what_was_acknowledged_is_there_after_a_kill(killed_after: int) -> None:
    acknowledged: dict[int, str] = {}
    groups = iter([[*STUDENTS[at : at + A_CALL]] for at in range(0, len(STUDENTS), A_CALL)])
    async with Sandbox(users=200) as sandbox:
        async with serving() as service, connected(service.url, transports=["websocket"]) as backend:

            async def publish_on() -> None:
                for group in groups:
                    acknowledged.update(await publish(backend, sandbox, group))
                    if len(acknowledged) >= killed_after:
                        service.process.kill()

            callers = [asyncio.create_task(publish_on()) for _ in range(AT_A_TIME)]
            await service.process.wait()
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)

        kept = stored(sandbox)
        assert killed_after <= len(acknowledged) < len(STUDENTS)
        assert set(acknowledged.values()) == {"published"}
        assert {userid: kept.get(userid) for userid in acknowledged} == {each: text_for(each) for each in acknowledged}

        async with serving() as service, connected(service.url, transports=["websocket"]) as backend:
            again = await publish(backend, sandbox, [*STUDENTS])
        assert {again[userid] for userid in acknowledged} == {"unchanged"}
        assert stored(sandbox) == kept | {userid: text_for(userid) for userid in STUDENTS}
