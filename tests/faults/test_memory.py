"""What a site sends without end is given up at the limit, and never held in memory whole."""

import asyncio
import sys
from collections.abc import AsyncIterator

import pytest

from rpc_moodle.downloads.reply import DownloadLimits
from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.errors import BadResponse
from rpc_moodle.sandbox import Fault, Rule, Sandbox
from rpc_moodle.transport.allowance import AnswerLimits
from tests.faults.ways import KEY, WAYS, Way
from tests.processes import MIB, Running, service
from utils.client import Client, connected

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")

MAX_ANSWER = AnswerLimits().bytes
MOST = 2 * max(MAX_ANSWER, DownloadLimits().bytes) + 32 * MIB
"""An answer up to the limit, the copy that its growing takes, and what is on its way."""


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with service({"TICKET_KEYS": KEY.get_secret_value()}) as process:
        yield process


@pytest.fixture
async def backend(running: Running) -> AsyncIterator[Client]:
    async with connected(running.url) as client:
        yield client


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(users=0) as site:
        yield site


async def codes(backend: Client, sandbox: Sandbox, way: Way, *, times: int = 1) -> set[str]:
    payload = way.payload(sandbox, sandbox.url, 20)
    replies = [await backend.call(way.event, payload, seconds=60) for _ in range(times)]
    return {"ok" if reply["success"] else reply["error"]["code"] for reply in replies}


@pytest.mark.parametrize("fault", [Fault.GZIP_BOMB, Fault.ENDLESS])
@pytest.mark.parametrize(("name", "code"), [("users of course", "too_large"), ("download", "too_large")])
async def test_an_answer_of_gigabytes_is_dropped_at_the_limit(
    running: Running, backend: Client, sandbox: Sandbox, name: str, code: str, fault: Fault
) -> None:
    way = next(each for each in WAYS if each.name == name)
    assert await codes(backend, sandbox, way) == {"ok"}
    before = running.most_memory()
    sandbox.faults.set(Rule(fault=fault))
    assert await codes(backend, sandbox, way) == {code}
    assert running.most_memory() - before < MOST


async def test_what_was_dropped_is_let_go_at_once(running: Running, backend: Client, sandbox: Sandbox) -> None:
    way = next(each for each in WAYS if each.name == "users of course")
    assert await codes(backend, sandbox, way) == {"ok"}
    before = running.most_memory()
    sandbox.faults.set(Rule(fault=Fault.ENDLESS))
    assert await codes(backend, sandbox, way, times=2 * MOST // MAX_ANSWER) == {"too_large"}
    assert running.most_memory() - before < MOST


async def test_others_have_their_turn_while_a_bomb_is_inflated(sandbox: Sandbox) -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    async with MoodleClient(sandbox.url, sandbox.token("teacher_full")) as moodle:
        sandbox.faults.set(Rule(fault=Fault.GZIP_BOMB))
        with pytest.raises(BadResponse):
            await moodle.call("core_webservice_get_site_info")
    counting.cancel()
    assert turns > MAX_ANSWER / MIB
