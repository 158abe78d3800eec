"""Long work leaves others their turn."""

import asyncio
import time

from rpc_moodle.transport.unhurried import SLICE_SECONDS, unhurried


async def test_others_have_their_turn_between_rows_that_take_long() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(other())
        rows = []
        async for row in unhurried(range(3)):
            rows.append((row, turns))
            time.sleep(2 * SLICE_SECONDS)  # noqa: ASYNC251 - long work
        task.cancel()
    assert rows == [(0, 0), (1, 1), (2, 2)]


async def test_quick_rows_come_at_once_and_in_order() -> None:
    assert [row async for row in unhurried([3, 1, 2])] == [3, 1, 2]
