"""What waits to be read by a client: counted in bytes, handed out in small batches."""

import asyncio
from typing import Any

PACKET_BYTES = 512
"""What a packet costs in memory besides its data, roughly."""

BATCH_BYTES = 1024 * 1024
"""The library takes all that waits and writes it piece by piece; so much of it is taken at a time, or one packet."""


BATCH_PACKETS = 16
"""A poll is answered with one batch, and python-engineio's client drops the connection over more packets than this."""


class Unread:
    """What waits in all outboxes of a server together."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.bytes = 0


class Outbox(asyncio.Queue[Any]):
    """The queue of packets to one client; a ``None`` among them ends the connection.

    ``bytes`` is what waits, with the batch that is being written: a client that reads nothing leaves it in memory.
    """

    def __init__(self, unread: Unread) -> None:
        """Take where to count what waits, too."""
        super().__init__()
        self.bytes = 0
        self._unread = unread
        self._taken = 0
        self._packets = 0

    async def get(self) -> Any:
        """Begin a new batch with the first packet that there is; the one before has been written."""
        self._written()
        self._packets = 1
        return await super().get()

    def get_nowait(self) -> Any:
        """Take one more packet; raises QueueEmpty when the batch is full, too."""
        if self._taken >= BATCH_BYTES or self._packets >= BATCH_PACKETS:
            raise asyncio.QueueEmpty
        self._packets += 1
        return super().get_nowait()

    def clear(self) -> None:
        """Drop what waits."""
        while self.qsize():
            super().get_nowait()
            self.task_done()
        self._written()

    def _put(self, item: Any) -> None:
        super()._put(item)
        self.bytes += _size(item)
        self._unread.bytes += _size(item)

    def _get(self) -> Any:
        item = super()._get()
        self._taken += _size(item)
        return item

    def _written(self) -> None:
        """Count the batch no more."""
        self.bytes -= self._taken
        self._unread.bytes -= self._taken
        self._taken = 0


def _size(item: Any) -> int:
    """Return the bytes of a packet; its data are a text, bytes, a mapping (at the opening) or None."""
    data = item.data if item is not None else None
    return PACKET_BYTES + (len(data) if isinstance(data, str | bytes) else 0)
