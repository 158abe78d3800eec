"""The calculator over real sockets, and logs as a production service writes them."""

import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
import socketio
import structlog

from tests.utils.calculator import methods
from tests.utils.raw import RawSocket
from utils.dispatch import Dispatcher
from utils.logs import configure
from utils.server import create_server
from utils.settings import KitSettings
from utils.testing import running

MAX_PAYLOAD = 100_000


class Logs(io.StringIO):
    """What was logged."""

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.getvalue().splitlines()]


@pytest.fixture
def logs() -> Iterator[Logs]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    root.handlers[:] = []  # taken out, so that configure() does not close those of pytest
    stream = Logs()
    configure(KitSettings(log_level="debug", log_format="json"), stream=stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:], level = before
    root.setLevel(level)


@pytest.fixture
async def url() -> AsyncIterator[str]:
    app = create_server(Dispatcher(methods), KitSettings(max_payload_bytes=MAX_PAYLOAD))
    async with running(app) as url:
        yield url


@pytest.fixture
def hasty_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a service that stops not wait until those who never ask again have heard of it."""
    monkeypatch.setattr("utils.server.engine.CLOSE_SECONDS", 0.05)


Serve = Callable[..., Awaitable[str]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts calculators with settings of the test's choice; gives their URLs."""
    async with AsyncExitStack() as stack:

        async def serve(**settings: Any) -> str:
            app = create_server(Dispatcher(methods), KitSettings(**settings))
            return await stack.enter_async_context(running(app))

        yield serve


@pytest.fixture(params=[["polling"], ["websocket"], ["polling", "websocket"]], ids="-".join)
async def client(url: str, request: pytest.FixtureRequest) -> AsyncIterator[socketio.AsyncClient]:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(url, transports=request.param, wait_timeout=30)  # its own second is short on a busy machine
    yield client
    await client.disconnect()


@pytest.fixture
async def connect(url: str) -> AsyncIterator[Callable[[], Awaitable[RawSocket]]]:
    async with AsyncExitStack() as stack:

        async def connect() -> RawSocket:
            return await stack.enter_async_context(RawSocket.connected(url))

        yield connect


@pytest.fixture
async def raw(connect: Callable[[], Awaitable[RawSocket]]) -> RawSocket:
    return await connect()
