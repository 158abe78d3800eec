"""A caller of any service on this kit: what a backend does with a socket, for scripts, demos and benchmarks."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import socketio

from utils.contract import Envelope

_CONNECT_SECONDS = 30
"""For a service that is busy; the library itself gives up after one second."""


class Client:
    """A connected socket."""

    def __init__(self, socket: Any) -> None:
        """Take a connected ``socketio.AsyncClient``."""
        self._socket = socket

    async def call(self, event: str, payload: object, *, seconds: float = 30) -> Envelope:
        """Emit an event and return the reply that acknowledges it.

        Raises TimeoutError without one, ConnectionError where the connection has ended.
        """
        try:
            with _heeding_cancellation():
                return Envelope(await self._socket.call(event, payload, timeout=seconds))
        except socketio.exceptions.BadNamespaceError:
            raise ConnectionError("the connection to the service has ended") from None
        except socketio.exceptions.TimeoutError:
            raise TimeoutError(f"no reply to {event} within {seconds} s") from None

    def on(self, event: str, handler: Callable[..., Any]) -> None:
        """Have the service's events, such as ``progress``, handled."""
        self._socket.on(event, handler)


@asynccontextmanager
async def connected(
    url: str, *, transports: Sequence[str] = ("polling", "websocket"), token: str | None = None
) -> AsyncIterator[Client]:
    """Connect to a service; replies of any size are taken (the library's own limit is 4 MB).

    ``token`` is one that the service asks for. A connection that breaks is not made anew: the library would go on
    trying behind the end of the block, which nothing could then stop.
    """
    socket = socketio.AsyncClient(reconnection=False, websocket_extra_options={"max_msg_size": 0})
    try:
        auth = {"token": token} if token is not None else None
        with _heeding_cancellation():
            await socket.connect(url, transports=list(transports), auth=auth, wait_timeout=_CONNECT_SECONDS)
        yield Client(socket)
    finally:
        await socket.disconnect()


@contextmanager
def _heeding_cancellation() -> Iterator[None]:
    """Raise the CancelledError that was forgotten within.

    ``wait_for`` of Python 3.11, by which the library waits, goes on where what it waits for comes in the same moment.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
