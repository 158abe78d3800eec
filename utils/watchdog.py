"""Notices when the event loop was blocked: nobody is served while one call computes or waits without await."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

TICK_SECONDS = 0.05
BLOCKED_SECONDS = 0.25


class Watchdog:
    """Looks at the clock twenty times a second and logs ``loop_blocked`` when a look came too late by its own fault.

    ``longest`` is the longest delay in seconds, whoever caused it; ``longest_busy`` the longest for which the loop's
    own thread was at work, and not the machine with something else: that alone is logged.
    """

    def __init__(self) -> None:
        self.longest = 0.0
        self.longest_busy = 0.0
        self._log = structlog.get_logger("utils.watchdog")

    @asynccontextmanager
    async def watching(self) -> AsyncIterator["Watchdog"]:
        """Watch the running loop until the end of the block."""
        task = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            looked, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(TICK_SECONDS)
            self.note(time.monotonic() - looked - TICK_SECONDS, time.thread_time() - worked)

    def note(self, late: float, worked: float) -> None:
        """Take notice of a look that came ``late`` seconds too late, in which this thread ``worked`` for so many."""
        busy = min(late, worked)
        self.longest = max(self.longest, late)
        self.longest_busy = max(self.longest_busy, busy)
        if busy > BLOCKED_SECONDS:
            self._log.warning("loop_blocked", ms=round(late * 1000), busy_ms=round(busy * 1000))
