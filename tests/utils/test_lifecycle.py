"""Starting, health, and stopping without losing a reply."""

import asyncio
import gc
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio

from tests.utils.calculator import methods
from tests.utils.conftest import Logs
from utils.call import Call
from utils.contract import Request
from utils.dispatch import Dispatcher
from utils.registry import Registry
from utils.server import create_server, listening
from utils.settings import KitSettings
from utils.testing import running


async def get(url: str) -> tuple[int, dict[str, Any]]:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return response.status, await response.json()


async def test_a_service_is_alive_and_ready(url: str) -> None:
    assert await get(f"{url}/healthz") == (200, {"status": "ok"})
    assert await get(f"{url}/readyz") == (200, {"status": "ready", "running": 0, "checks": {}})


async def test_checks_tell_their_details() -> None:
    async def cache() -> Mapping[str, object]:
        return {"entries": 5}

    app = create_server(Dispatcher(methods), KitSettings(), checks={"cache": cache})
    async with running(app) as url:
        assert (await get(f"{url}/readyz"))[1]["checks"] == {"cache": {"entries": 5}}


async def test_a_check_that_raises_makes_the_service_unready(logs: Logs) -> None:
    async def disk() -> Mapping[str, object]:
        raise OSError("token=5ecret")

    app = create_server(Dispatcher(methods), KitSettings(), checks={"disk": disk})
    async with running(app) as url:
        status, body = await get(f"{url}/readyz")
        assert (status, body["status"], body["checks"]) == (503, "failing", {"disk": {"error": "OSError"}})
        assert (await get(f"{url}/healthz"))[0] == 200
    assert "5ecret" not in logs.getvalue()


async def test_a_port_that_is_taken_raises(url: str) -> None:
    app = create_server(Dispatcher(methods), KitSettings())
    with pytest.raises(OSError, match="address already in use"):
        async with listening(app, host="127.0.0.1", port=int(url.rpartition(":")[2])):
            pass


@asynccontextmanager
async def process() -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """The calculator as a process of its own, and its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.utils.calculator", stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async for line in process.stderr:
            if (event := json.loads(line))["event"] == "listening":
                yield process, event["url"]
                break
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_call_that_runs_when_sigterm_comes_is_answered(transport: str) -> None:
    async with process() as (service, url):
        client = socketio.AsyncClient(reconnection=False)
        refused: list[dict[str, Any]] = []

        async def confirm(_number: int) -> bool:
            service.send_signal(signal.SIGTERM)
            while (await get(f"{url}/readyz"))[0] != 503:
                pass
            refused.append(await client.call("add", {"numbers": [1]}))
            return True

        client.on("confirm", confirm)
        await client.connect(url, transports=[transport])
        reply = await client.call("addAsked", {"numbers": [7]})
        assert reply["data"] == 7
        assert refused[0]["error"]["retryable"] is True
        assert await service.wait() == 0
        await client.disconnect()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_call_that_cannot_finish_in_time_is_answered_too(transport: str) -> None:
    app = create_server(Dispatcher(methods), KitSettings())
    client = socketio.AsyncClient(reconnection=False)
    asked = asyncio.Event()

    async def never(_number: int) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    client.on("confirm", never)
    async with listening(app, host="127.0.0.1", port=0, shutdown_seconds=0) as url:
        await client.connect(url, transports=[transport])
        call = asyncio.create_task(client.call("addAsked", {"numbers": [7]}))
        await asked.wait()
    reply = await call
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("timeout", True)
    await client.disconnect()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_large_reply_is_flushed_before_the_stop(transport: str) -> None:
    made = asyncio.Event()
    big = Registry()

    @big.method("big", binary=True)
    async def make_big(request: Request, call: Call) -> list[bytes]:
        made.set()
        return [b"x" * 8_000_000, b"y"]

    client = socketio.AsyncClient(reconnection=False, websocket_extra_options={"max_msg_size": 0})
    async with running(create_server(Dispatcher(big), KitSettings())) as url:
        await client.connect(url, transports=[transport])
        call = asyncio.create_task(client.call("big", {}))
        await made.wait()
    assert [len(part) for part in (await call)["data"]] == [8_000_000, 1]
    await client.disconnect()


def test_what_a_start_has_made_is_not_walked_through_again() -> None:
    """In a process of its own, since it cannot be taken back."""
    settled = "import gc; from utils.server import lifecycle; lifecycle.settle()"
    code = f"{settled}; print(gc.get_freeze_count(), gc.get_threshold()[0])"
    said = subprocess.check_output([sys.executable, "-c", code])  # noqa: S603 - our own words
    frozen, newest = map(int, said.split())
    assert frozen > 10_000
    assert newest > 10_000
    assert gc.isenabled()
