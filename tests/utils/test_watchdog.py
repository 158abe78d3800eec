"""A blocked event loop is noticed."""

import asyncio

from tests.utils.conftest import Logs
from utils.watchdog import BLOCKED_SECONDS, Watchdog


def test_a_look_that_the_loop_itself_made_late_is_logged(logs: Logs) -> None:
    watchdog = Watchdog()
    watchdog.note(BLOCKED_SECONDS / 2, 0.01)
    watchdog.note(1.0, 0.9)
    (line,) = (line for line in logs.lines if line["event"] == "loop_blocked")
    assert (line["ms"], line["busy_ms"], line["level"]) == (1000, 900, "warning")
    assert (watchdog.longest, watchdog.longest_busy) == (1.0, 0.9)


def test_a_look_that_a_busy_machine_made_late_is_counted_and_not_logged(logs: Logs) -> None:
    watchdog = Watchdog()
    watchdog.note(3.0, 0.01)
    assert [line for line in logs.lines if line["event"] == "loop_blocked"] == []
    assert (watchdog.longest, watchdog.longest_busy) == (3.0, 0.01)


async def test_a_computation_without_a_pause_is_noticed() -> None:
    watchdog = Watchdog()
    async with watchdog.watching():
        while watchdog.longest_busy < 0.05:
            sum(range(10_000_000))
            await asyncio.sleep(0)
    assert watchdog.longest >= watchdog.longest_busy
