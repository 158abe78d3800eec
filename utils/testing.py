"""Call methods without a network, and run a service on a free port, for tests."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from utils.codec import decode, encode
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.registry import Registry


class FakeCaller:
    """Records in ``events`` what it is sent, and acknowledges with ``answer(event, data)`` what it is asked."""

    def __init__(self, *, answer: Callable[[str, object], object] = lambda _event, _data: None) -> None:
        self.id = "fake"
        self.connected = True
        self.events: list[tuple[str, Any]] = []
        self._answer = answer

    async def emit(self, event: str, data: object) -> None:
        """Record the event as it would arrive, unless the caller has gone."""
        if self.connected:
            self.events.append((event, decode(encode(data))))

    async def ask(self, event: str, data: object, timeout: float) -> object:  # noqa: ARG002, ASYNC109 - as Caller has it
        """Record the event and answer it; raises TimeoutError when the caller has gone."""
        if not self.connected:
            raise TimeoutError("the caller has gone")
        await self.emit(event, data)
        return self._answer(event, data)


async def call(
    target: Registry | Dispatcher,
    event: object,
    *payload: object,
    shared: Iterable[object] = (),
    caller: FakeCaller | None = None,
) -> Envelope:
    """Call an event in process and return its reply; payload and reply go through JSON as over a socket.

    ``target``: a dispatcher, or a registry for which one is made with the ``shared`` objects.
    """
    dispatcher = target if isinstance(target, Dispatcher) else Dispatcher(target, shared=shared)
    reply = await dispatcher.dispatch(event, decode(encode(list(payload))), caller)
    assert reply.encoded is not None  # noqa: S101 - the dispatcher encodes every reply
    return Envelope(decode(reply.encoded))


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[str]:
    """Serve an application of :func:`utils.server.create_server` on a free port; yields its URL, then stops it."""
    from utils.server import listening  # noqa: PLC0415 - in-process tests need no server

    async with listening(app, host="127.0.0.1", port=0) as url:
        yield url
