import asyncio
import itertools
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from utils.codec import Written
from utils.turns import SLICE, SLICE_SECONDS, Turns


async def written(turns: Turns, rows: Sequence[int], each: Callable[[int], object] = str) -> Any:
    """Write what is made of each row, and read it again."""
    into: Written[object] = Written()
    await turns.write(into, lambda part: [each(row) for row in part], rows)
    return json.loads(into.json)


async def test_rows_are_written_in_their_order() -> None:
    rows = list(range(3 * SLICE + 7))
    assert await written(Turns(), rows) == [str(row) for row in rows]


async def test_between_two_slices_of_all_calls_others_have_their_turn() -> None:
    """However many calls have long work, the loop comes round after one slice of one of them."""
    turns, done, seen = Turns(), 0, []

    def write(_row: int) -> None:
        nonlocal done
        done += 1

    async def watch() -> None:
        while True:
            seen.append(done)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(written(turns, range(5 * SLICE), write) for _ in range(10)))
    watching.cancel()
    assert done == 50 * SLICE
    assert max(after - before for before, after in itertools.pairwise(seen)) == SLICE


async def test_few_rows_wait_for_nobody() -> None:
    turns = Turns()
    long = asyncio.create_task(written(turns, range(100 * SLICE)))
    await asyncio.sleep(0)
    assert await written(turns, [1]) == ["1"]
    assert not long.done()
    await long


async def test_a_row_that_fails_ends_its_own_work_alone() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await written(turns, range(2 * SLICE), lambda row: 1 // (row - SLICE))
    assert len(await written(turns, range(2 * SLICE))) == 2 * SLICE


async def test_work_that_is_given_up_leaves_the_turn_to_others() -> None:
    turns = Turns()
    given_up = asyncio.create_task(written(turns, range(100 * SLICE)))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(5):
        assert len(await written(turns, range(2 * SLICE))) == 2 * SLICE


async def test_of_rows_that_take_long_a_few_are_a_slice() -> None:
    turns = Turns()
    seen: list[int] = []

    def write(row: int) -> int:
        time.sleep(SLICE_SECONDS / 5)
        return row

    async def watch() -> None:
        while True:
            seen.append(len(seen))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    assert await written(turns, range(250), write) == list(range(250))
    watching.cancel()
    assert len(seen) >= 10


async def test_nobody_waits_behind_all_the_work_of_another() -> None:
    turns, done = Turns(), list[str]()

    async def wait(whose: str) -> None:
        await turns.aside(lambda: done.append(whose), whose=whose)

    async def write(whose: str) -> None:
        def made(rows: Sequence[int]) -> Sequence[int]:
            done.append(whose)
            return rows

        await turns.write(Written(), made, range(SLICE), whose=whose)

    for work in (wait, write):
        done.clear()
        await asyncio.gather(*(work("busy") for _ in range(50)), work("other"))
        assert done.index("other") < 3 * SLICE // 10


async def test_work_in_a_thread_holds_up_no_slice() -> None:
    turns, go_on = Turns(), threading.Event()
    aside = asyncio.create_task(turns.aside(go_on.wait, whose="one"))
    await asyncio.sleep(0)
    try:
        async with asyncio.timeout(5):
            assert len(await written(turns, range(2 * SLICE))) == 2 * SLICE
    finally:
        go_on.set()
    await aside
