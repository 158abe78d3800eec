import asyncio
import itertools
import time

import pytest

from utils.turns import SLICE, SLICE_SECONDS, Turns


async def test_rows_are_written_in_their_order() -> None:
    rows = list(range(3 * SLICE + 7))
    assert await Turns().mapped(str, rows) == [str(row) for row in rows]


async def test_between_two_slices_of_all_calls_others_have_their_turn() -> None:
    """However many calls have long work, the loop comes round after one slice of one of them."""
    turns, written, seen = Turns(), 0, []

    def write(_row: int) -> None:
        nonlocal written
        written += 1

    async def watch() -> None:
        while True:
            seen.append(written)
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    await asyncio.gather(*(turns.mapped(write, range(5 * SLICE)) for _ in range(10)))
    watching.cancel()
    assert written == 50 * SLICE
    assert max(after - before for before, after in itertools.pairwise(seen)) == SLICE


async def test_few_rows_wait_for_nobody() -> None:
    turns = Turns()
    long = asyncio.create_task(turns.mapped(str, range(100 * SLICE)))
    await asyncio.sleep(0)
    assert await turns.mapped(str, [1]) == ["1"]
    assert not long.done()
    await long


async def test_a_row_that_fails_ends_its_own_work_alone() -> None:
    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await turns.mapped(lambda row: 1 // (row - SLICE), range(2 * SLICE))
    assert len(await turns.mapped(str, range(2 * SLICE))) == 2 * SLICE


async def test_work_that_is_given_up_leaves_the_turn_to_others() -> None:
    turns = Turns()
    given_up = asyncio.create_task(turns.mapped(str, range(100 * SLICE)))
    await asyncio.sleep(0)
    given_up.cancel()
    async with asyncio.timeout(5):
        assert len(await turns.mapped(str, range(2 * SLICE))) == 2 * SLICE


async def test_rows_that_take_long_make_a_slice_each() -> None:
    turns = Turns()
    seen: list[int] = []

    def write(row: int) -> int:
        time.sleep(2 * SLICE_SECONDS)
        return row

    async def watch() -> None:
        while True:
            seen.append(len(seen))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watch())
    assert await turns.mapped(write, range(30)) == list(range(30))
    watching.cancel()
    assert len(seen) >= 30
