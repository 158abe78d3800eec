"""What comes over the two transports of Engine.IO, checked before the library trips over it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiohttp import StreamReader, web
from engineio.exceptions import EngineIOError

TYPES = frozenset("0123456")
"""Of packets, from OPEN to NOOP."""

MESSAGE, PONG = "4", "3"
DIGITS = frozenset("0123456789")

MAX_CONTROL = 200
"""Characters of a packet that is no message."""

MAX_PACKETS = 10_000
"""Packets of one polling request; the library's own 16 would lose calls of a client that sends more while it polls."""

UPGRADE_SECONDS = 10.0
"""How long each step of an upgrade to WebSocket may take."""


class Body:
    """The body of a polling request, read whole and checked.

    python-engineio calls aiohttp's ``read(n)`` once, which returns what has come so far: large payloads would be cut.
    """

    def __init__(self, content: StreamReader) -> None:
        self._content = content

    async def read(self, length: int) -> bytes:
        """Return ``length`` bytes that hold Engine.IO packets.

        Raises EngineIOError, which ends this socket, for anything else.
        """
        try:
            body = await self._content.readexactly(length)
            packets = body.decode().split("\x1e", MAX_PACKETS) if body else []
            if len(packets) > MAX_PACKETS:
                raise ValueError("too many packets")
            for packet in packets:
                check(packet)
        except Exception as error:
            raise EngineIOError("malformed or broken request") from error
        return body


class Server(Protocol):
    """What a WebSocket tells the server that it belongs to."""

    max_http_buffer_size: int

    def connected(self, sid: str, request: web.Request) -> None:
        """Take notice of a client's WebSocket."""

    def disconnected(self, sid: str) -> None:
        """Take notice that a client's WebSocket has ended."""

    def receipt(self, sid: str) -> None:
        """Take notice that a client has answered a ping."""


class WebSocket:
    """The WebSocket transport, uncompressed, on which a malformed message ends the connection in good order.

    Compression costs a third of the time of a JSON reply and nearly all of a binary one.
    """

    def __init__(self, handler: Callable[["WebSocket"], Awaitable[None]], server: Server) -> None:
        """Take the handler, which is a bound method of an engineio AsyncSocket."""
        self._handler = handler
        self._server = server
        self._socket: Any = handler.__self__  # type: ignore[attr-defined] # it is a bound method
        self._response = web.WebSocketResponse(max_msg_size=server.max_http_buffer_size, compress=False)

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Serve the connection until it ends."""
        request = environ["aiohttp.request"]
        self._server.connected(self._socket.sid, request)
        try:
            await self._response.prepare(request)
            await self._handler(self)
        finally:
            # The library leaves this set when an upgrade breaks off; polling would then get nothing any more.
            self._socket.upgrading = False
            self._server.disconnected(self._socket.sid)
        return self._response

    async def close(self) -> None:
        """Close the connection."""
        await self._response.close()

    async def send(self, message: str | bytes) -> None:
        """Send one message."""
        if isinstance(message, bytes):
            await self._response.send_bytes(message)
        else:
            await self._response.send_str(message)

    async def wait(self) -> str | bytes:
        """Return the next message; raises OSError, upon which the library closes, when it is late or no packet."""
        async with asyncio.timeout(None if self._socket.upgraded else UPGRADE_SECONDS):
            message = await self._response.receive()
        if message.type not in {web.WSMsgType.TEXT, web.WSMsgType.BINARY}:
            raise OSError("the connection has ended")
        data: str | bytes = message.data
        try:
            check(data)
        except ValueError as error:
            raise OSError("malformed packet") from error
        if data == PONG:
            self._server.receipt(self._socket.sid)
        return data


def check(packet: str | bytes) -> None:
    """Raise ValueError for what is no packet of Engine.IO, and for what the library would take too long to read.

    It reads as JSON what follows the type, unless that is a number; a packet of Socket.IO begins with one.
    """
    if isinstance(packet, bytes):
        return
    if packet[:1] == "b":
        base64.b64decode(packet[1:])
    elif packet[:1] not in TYPES or (len(packet) > MAX_CONTROL and not (packet[0] == MESSAGE and packet[1] in DIGITS)):
        raise ValueError("no packet")
