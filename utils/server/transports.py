"""The two transports of Engine.IO: what comes over them is checked before the library trips over it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from aiohttp import web

from utils.server.bodies import ATTACHMENT, MESSAGE, Packets, check, chunks
from utils.server.connections import Connection
from utils.server.door import Peer
from utils.server.frames import Frames
from utils.server.packets import Text

PONG = "3"

UPGRADE_SECONDS = 10.0
"""How long each step of an upgrade to WebSocket may take."""

MESSAGE_SECONDS = 120.0
"""How long a message or a polling request may take to come in."""

STRANGER_SECONDS = 10.0
"""The same for those who have shown no token."""

DROP_BYTES = 512 * 1024 * 1024
"""The largest message that is read, and dropped, so as to answer it; one that is larger ends the connection."""

STRANGER_DROP_BYTES = 1024 * 1024
"""The same for those who have shown no token."""


def most(peer: Peer) -> int:
    """Return how large a message may be to get an answer."""
    return DROP_BYTES if peer.admitted else STRANGER_DROP_BYTES


def patience(peer: Peer) -> float:
    """Return the seconds that a message may take."""
    return MESSAGE_SECONDS if peer.admitted else STRANGER_SECONDS


async def read_body(request: web.Request, peer: Peer) -> bytes | None:
    """Read the body of a polling request, as far as it is kept; None for one that is broken or too slow.

    What is known of its messages goes to the peer. python-engineio would read what has come so far, and call that
    the body.
    """
    packets = Packets(peer.problem)
    try:
        async with asyncio.timeout(patience(peer)):
            body = await packets.read(chunks(request.content, request.content_length or 0))
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it concerns this socket alone
        return None
    finally:
        peer.give(packets.abandon())
    peer.arrivals.extend(body.arrivals)
    return body.data


class Whole:
    """A body that has been read, as the library asks for it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, _length: int) -> bytes:
        """Return the body, once."""
        data, self._data = self._data, b""
        return data


class Server(Protocol):
    """What a WebSocket tells the server that it belongs to."""

    max_http_buffer_size: int

    def peer(self, sid: str) -> Peer | None:
        """Return what is known of a socket."""

    def connected(self, sid: str, request: web.Request) -> None:
        """Take notice of a client's WebSocket."""

    def disconnected(self, sid: str) -> None:
        """Take notice that a client's WebSocket has ended."""

    def receipt(self, sid: str) -> None:
        """Take notice that a client has answered a ping."""

    def endless(self, sid: str, size: int) -> None:
        """Take notice of a message that is too large to be answered, or too slow; the connection has been cut."""


class Reader:
    """Stands before aiohttp's reader of a WebSocket, and lets :class:`Frames` decide what gets there."""

    def __init__(self, reader: Any, frames: Frames, peer: Peer, cut: Callable[[], None]) -> None:
        """Take what to call for a message that nobody can wait for."""
        self._reader = reader
        self._frames = frames
        self._peer = peer
        self._cut = cut
        self._late: asyncio.TimerHandle | None = None
        self._timed = 0

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take what has come."""
        passed = self._frames.feed(bytes(data))
        if self._late is not None and self._timed != self._frames.finished:
            self._late.cancel()
            self._late = None
        if self._late is None and self._frames.within:
            self._timed = self._frames.finished
            self._late = asyncio.get_running_loop().call_later(patience(self._peer), self._cut)
        if self._frames.size > most(self._peer):
            self._cut()
            return False, b""
        answer: tuple[bool, bytes] = self._reader.feed_data(passed) if passed else (False, b"")
        return answer

    def feed_eof(self) -> None:
        """Take notice of the end, and let go of everything."""
        if self._late is not None:
            self._late.cancel()
        self._peer.give(self._frames.abandon())
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.feed_eof()


class WebSocket:
    """The WebSocket transport, uncompressed, on which a malformed message ends the connection in good order.

    Compression costs a third of the time of a JSON reply and nearly all of a binary one.
    """

    def __init__(self, handler: Callable[["WebSocket"], Awaitable[None]], server: Server) -> None:
        """Take the handler, which is a bound method of an engineio AsyncSocket."""
        self._handler = handler
        self._server = server
        self._socket: Any = handler.__self__  # type: ignore[attr-defined] # it is a bound method
        self._peer = server.peer(self._socket.sid)
        self._frames = Frames(self._peer.problem if self._peer is not None else lambda _size, _more: None)
        self._response = web.WebSocketResponse(max_msg_size=server.max_http_buffer_size, compress=False)

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Serve the connection until it ends."""
        request: web.Request = environ["aiohttp.request"]
        self._server.connected(self._socket.sid, request)
        if self._peer is not None and isinstance(request.protocol, Connection):
            request.protocol.parser = self._reader(self._peer, request.protocol)
        try:
            await self._response.prepare(request)
            await self._handler(self)
        finally:
            # The library leaves this set when an upgrade breaks off; polling would then get nothing any more.
            self._socket.upgrading = False
            if self._peer is not None:
                self._peer.give(self._frames.abandon())
            self._server.disconnected(self._socket.sid)
        return self._response

    def _reader(self, peer: Peer, connection: Connection) -> Callable[[Any], Reader]:
        def cut() -> None:
            self._server.endless(self._socket.sid, self._frames.size)
            connection.abort()

        return lambda reader: Reader(reader, self._frames, peer, cut)

    async def close(self) -> None:
        """Close the connection."""
        await self._response.close()

    async def send(self, message: str | bytes) -> None:
        """Send one message."""
        if isinstance(message, Text):
            await self._response.send_frame(message, web.WSMsgType.TEXT)
        elif isinstance(message, bytes):
            await self._response.send_bytes(message)
        else:
            await self._response.send_str(message)

    async def wait(self) -> str | bytes | None:
        """Return the next message; None, upon which the library closes, when it is late or no packet.

        An exception would do as well, but the library's frames would then hold on to the last message until the
        garbage collector looks.
        """
        try:
            async with asyncio.timeout(None if self._socket.upgraded else UPGRADE_SECONDS):
                message = await self._response.receive()
        except TimeoutError:
            return None
        if message.type not in {web.WSMsgType.TEXT, web.WSMsgType.BINARY}:
            return None
        arrival = self._frames.take()
        data: str | bytes = message.data
        if arrival.problem is not None and data[:1] == ATTACHMENT:
            data = ATTACHMENT
        try:
            check(data)
        except ValueError:
            self._give(arrival.kept)
            return None
        if self._peer is not None and (isinstance(data, bytes) or data[:1] in {MESSAGE, ATTACHMENT}):
            self._peer.arrivals.append(arrival)
        else:
            self._give(arrival.kept)
        if data == PONG:
            self._server.receipt(self._socket.sid)
        return data

    def _give(self, kept: int) -> None:
        if self._peer is not None:
            self._peer.give(kept)
