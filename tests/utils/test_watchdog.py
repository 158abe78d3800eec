"""A blocked event loop is noticed."""

import asyncio

from tests.utils.conftest import Logs
from utils.watchdog import BLOCKED_SECONDS, Watchdog


def test_a_look_that_comes_too_late_is_logged(logs: Logs) -> None:
    watchdog = Watchdog()
    watchdog.note(BLOCKED_SECONDS / 2, 0.01)
    watchdog.note(1.0, 0.9)
    watchdog.note(0.3, 0.01)
    (first, second) = (line for line in logs.lines if line["event"] == "loop_blocked")
    assert (first["ms"], first["busy_ms"], first["level"]) == (1000, 900, "warning")
    assert (second["ms"], second["busy_ms"]) == (300, 10)
    assert (watchdog.longest, watchdog.longest_busy) == (1.0, 0.9)


async def test_a_computation_without_a_pause_is_noticed() -> None:
    watchdog = Watchdog()
    async with watchdog.watching():
        while watchdog.longest_busy < 0.05:
            sum(range(10_000_000))
            await asyncio.sleep(0)
    assert watchdog.longest >= watchdog.longest_busy
