"""WebSocket frames on their way to the parser: what is not to be kept is dropped as it comes, but for its head."""

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from utils.errors import RpcError

HEAD_BYTES = 512
"""So much of a message that is not kept goes on, for its acknowledgement's number to be read."""

Problem = Callable[[int, int], RpcError | None]
"""Says why a message is not kept, given its size so far and how much of it is new; None where that is kept."""


LAST, CONTROL, OPCODE, TEXT = 0x80, 0x08, 0x0F, 1
"""Of a frame's first byte: the message ends, it is no message, what it is."""

LEAST = 2
"""Bytes of the shortest header."""

SHORT, LONG = 126, 127
"""Lengths that stand for one of two, and one of eight bytes that follow."""


class Arrival(NamedTuple):
    """What is known of a message besides its data: the bytes that are kept of it, and why it is not whole."""

    kept: int
    problem: RpcError | None


class Frames:
    """Reads what one client sends; a message that has a problem becomes a short one, which holds its beginning.

    aiohttp gathers a message before anyone can say that it is too large, and then ends the connection without an
    answer. ``size`` is what the current message has announced so far, ``within`` whether a
    part of it is still to come, ``finished`` how many there have been.
    """

    def __init__(self, problem: Problem) -> None:
        """Take what decides."""
        self.size = self.finished = 0
        self.within = False
        self._problem_with = problem
        self._problem: RpcError | None = None
        self._kept = 0
        self._arrivals: deque[Arrival] = deque()
        self._header = bytearray()
        self._left = 0
        self._passing = True
        self._head: bytearray | None = None
        self._first, self._key = 0, bytes(4)

    def take(self) -> Arrival:
        """Return what is known of the oldest message that has not been asked for."""
        return self._arrivals.popleft() if self._arrivals else Arrival(0, None)

    def abandon(self) -> int:
        """Forget all messages; return the bytes that were kept of them."""
        kept = self._kept + sum(arrival.kept for arrival in self._arrivals)
        self._kept = 0
        self._arrivals.clear()
        return kept

    def feed(self, data: bytes) -> bytes:
        """Take what has come; return what goes on."""
        out: list[bytes | memoryview] = []
        view, at = memoryview(data), 0
        while at < len(view):
            if self._left:
                part = view[at : at + self._left]
                self._payload(part, out)
                at += len(part)
            else:
                wanted = self._header_size() - len(self._header)
                self._header += view[at : at + wanted]
                at += wanted
                if len(self._header) >= LEAST and len(self._header) == self._header_size():
                    self._begin(out)
        return b"".join(out)

    def _header_size(self) -> int:
        if len(self._header) < LEAST:
            return LEAST
        length = self._header[1] & 0x7F
        return LEAST + {SHORT: 2, LONG: 8}.get(length, 0) + (4 if self._header[1] & 0x80 else 0)

    def _begin(self, out: list[bytes | memoryview]) -> None:
        header, self._header = bytes(self._header), bytearray()
        length = header[1] & 0x7F
        if length >= SHORT:
            length = int.from_bytes(header[LEAST : 4 if length == SHORT else 10], "big")
        self._left, self._passing, self._head = length, True, None
        self._first, self._key = header[0], header[-4:] if header[1] & 0x80 else bytes(4)
        if not self._first & CONTROL:
            self._decide(length)
        if self._passing:
            out.append(header)
        elif self._head is None:
            out.append(_frame(self._first, b""))
        if not length:
            self._end()

    def _decide(self, length: int) -> None:
        """Decide whether a frame of a message goes on, and whether its head does where it does not."""
        starts = bool(self._first & OPCODE)
        if starts:
            self.size, self._problem, self._kept = 0, None, 0
        self.size += length
        self.within = True
        self._problem = self._problem or self._problem_with(self.size, length)
        if self._problem is None:
            self._kept += length
            return
        self._passing = False
        self._head = bytearray() if starts and length else None
        if self._first & LAST:
            self._announce()  # before the rest is read, since the head goes on at once

    def _payload(self, part: memoryview, out: list[bytes | memoryview]) -> None:
        self._left -= len(part)
        if self._passing:
            out.append(part)
        elif self._head is not None:
            self._head += part[: HEAD_BYTES - len(self._head)]
            if len(self._head) == HEAD_BYTES or not self._left:
                head = bytes(byte ^ self._key[index % 4] for index, byte in enumerate(self._head))
                is_text = self._first & OPCODE == TEXT
                out.append(_frame(self._first, head.decode(errors="ignore").encode() if is_text else head))
                self._head = None
        if not self._left:
            self._end()

    def _end(self) -> None:
        """Take notice that a frame is whole."""
        if self._first & CONTROL or not self._first & LAST:
            return
        if self._passing:
            self._announce()
        self.within = False
        self.finished += 1

    def _announce(self) -> None:
        self._arrivals.append(Arrival(self._kept, self._problem))
        self._kept = 0


def _frame(first: int, payload: bytes) -> bytes:
    """Write a client's frame, masked with zeros; ``first`` is its first byte, with opcode and end mark."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < SHORT else bytes([0x80 | SHORT]) + length.to_bytes(2, "big")
    return bytes([first]) + size + bytes(4) + payload
