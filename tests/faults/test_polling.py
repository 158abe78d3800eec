"""Many calls that end at the same moment are all answered, also to a caller that polls."""

import asyncio

import pytest
from engineio.payload import Payload

from rpc_moodle.sandbox import Fault, Rule, Sandbox
from tests.faults.ways import WAYS
from tests.processes import service
from utils.client import connected

CALLS = 40


async def test_replies_of_one_moment_reach_a_polling_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Payload, "max_decode_packets", 16)  # the client's own; a server in this process changes it
    way = next(each for each in WAYS if each.name == "users of course")
    async with service() as running, Sandbox(users=0) as sandbox:
        sandbox.faults.set(Rule(fault=Fault.HANG_BEFORE))
        async with connected(running.url, transports=["polling"]) as backend:
            calls = (backend.call(way.event, way.payload(sandbox, sandbox.url, 0.5), seconds=8) for _ in range(CALLS))
            replies = await asyncio.gather(*calls)
    assert {reply["error"]["code"] for reply in replies} == {"timeout"}
