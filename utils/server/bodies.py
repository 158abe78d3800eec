"""The body of a polling request: packets, of which what is not to be kept is dropped as it comes, but for its head."""

import base64
from collections.abc import AsyncIterator
from typing import NamedTuple

from aiohttp import StreamReader

from utils.errors import RpcError
from utils.server.frames import HEAD_BYTES, Arrival, Problem

TYPES = frozenset("0123456")
"""Of packets, from OPEN to NOOP."""

MESSAGE, ATTACHMENT = "4", "b"
DIGITS = frozenset("0123456789")

MAX_CONTROL = 200
"""Characters of a packet that is no message."""

MAX_PACKETS = 10_000
"""Packets of one polling request; the library's own 16 would lose calls of a client that sends more while it polls."""

SEPARATOR = b"\x1e"


class Body(NamedTuple):
    """What is kept of a body, and what is known of each message in it."""

    data: bytes
    arrivals: list[Arrival]


class Packets:
    """Gathers the packets of one body."""

    def __init__(self, problem: Problem) -> None:
        """Take what decides what is kept."""
        self._problem_with = problem
        self._done: list[bytes] = []
        self._arrivals: list[Arrival] = []
        self._parts: list[bytes] = []
        self._size = self._kept = 0
        self._problem: RpcError | None = None

    async def read(self, chunks: AsyncIterator[bytes]) -> Body:
        """Read a whole body; raises ValueError for what is no packets of Engine.IO."""
        async for chunk in chunks:
            first, *others = chunk.split(SEPARATOR, MAX_PACKETS)
            self._add(first)
            for other in others:
                self._end()
                self._add(other)
        self._end()
        body = Body(SEPARATOR.join(self._done), self._arrivals)
        self._arrivals = []
        return body

    def abandon(self) -> int:
        """Let go of what has not been returned, which exceptions would else hold on to; return how many bytes."""
        kept = self._kept + sum(arrival.kept for arrival in self._arrivals)
        self._done, self._arrivals, self._parts, self._kept = [], [], [], 0
        return kept

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        if self._problem is None and part:
            self._problem = self._problem_with(self._size, len(part))
            if self._problem is None:
                self._kept += len(part)
                self._parts.append(part)
            else:
                self._parts = [b"".join([*self._parts, part])[:HEAD_BYTES]]

    def _end(self) -> None:
        if len(self._done) == MAX_PACKETS:
            raise ValueError("too many packets")
        data = b"".join(self._parts)
        text = data.decode(errors="ignore" if self._problem is not None else "strict")
        if self._problem is not None and text[:1] == ATTACHMENT:
            text = ATTACHMENT
        if self._size or self._done:
            check(text)
        self._done.append(text.encode() if self._problem is not None else data)
        if text[:1] in {MESSAGE, ATTACHMENT}:
            self._arrivals.append(Arrival(self._kept, self._problem))
            self._kept = 0
        self._parts, self._size, self._problem = [], 0, None


async def chunks(content: StreamReader, length: int) -> AsyncIterator[bytes]:
    """Yield a body of ``length`` bytes as it comes; raises EOFError when it ends before."""
    while length:
        chunk = await content.read(min(length, 2**18))
        if not chunk:
            raise EOFError("the body has ended")
        length -= len(chunk)
        yield chunk


def check(packet: str | bytes) -> None:
    """Raise ValueError for what is no packet of Engine.IO, and for what the library would take too long to read.

    It reads as JSON what follows the type, unless that is a number; a packet of Socket.IO begins with one.
    """
    if isinstance(packet, bytes):
        return
    if packet[:1] == ATTACHMENT:
        base64.b64decode(packet[1:])
    elif packet[:1] not in TYPES or (len(packet) > MAX_CONTROL and not (packet[0] == MESSAGE and packet[1] in DIGITS)):
        raise ValueError("no packet")
