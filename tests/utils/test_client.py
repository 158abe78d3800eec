"""The caller of a service that scripts and tests use."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
import socketio

from utils.client import Client, connected


async def deaf(*_given: Any, **_options: Any) -> dict[str, bool]:
    """Wait as ``wait_for`` of Python 3.11 does: what comes while it is cancelled is taken, no more."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return {"success": True}
    raise AssertionError


async def cancelled(what: Coroutine[Any, Any, object]) -> bool:
    """Cancel a coroutine that has begun; whether it was."""
    task = asyncio.create_task(what)
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()


async def test_a_call_that_is_cancelled_is() -> None:
    socket = socketio.AsyncClient()
    socket.call = deaf
    assert await cancelled(Client(socket).call("getUsersFromCourse", {}))


async def test_a_connection_that_is_cancelled_is(monkeypatch: pytest.MonkeyPatch) -> None:
    async def connect() -> None:
        async with connected("http://127.0.0.1:9"):
            raise AssertionError

    monkeypatch.setattr(socketio.AsyncClient, "connect", deaf)
    assert await cancelled(connect())
