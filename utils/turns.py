"""Long work in slices: of all that is at work one slice at a time, and everyone else between two of them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from utils.codec import Written

T = TypeVar("T")
R = TypeVar("R")

SLICE, SLICE_SECONDS = 500, 0.01
"""Rows of a slice, and how long it lasts at most: to write one takes some microseconds, or a millisecond."""

_FEW = 10
"""Rows that need no slice, and those between two looks at the clock."""


class Turns:
    """The turns of one event loop, which those who have long work take one after the other.

    Without them each of many calls would do a slice whenever the loop comes round, and all others wait for as many.
    """

    def __init__(self) -> None:
        """Start with nobody at work."""
        self._turn = asyncio.Lock()

    async def aside(self, work: Callable[[], R]) -> R:
        """Return the result of work that cannot be sliced, done in a thread. Raises what it raises."""
        async with self._turn:
            return await asyncio.to_thread(work)

    async def write(self, into: Written[R], made: Callable[[Sequence[T]], Sequence[R]], rows: Sequence[T]) -> None:
        """Write what is ``made`` of rows, slice by slice and in order; few rows are written at once.

        Raises what ``made`` raises, and TypeError for what is no JSON.
        """
        if len(rows) <= _FEW:
            into.add(made(rows))
            return
        done = 0
        while done < len(rows):
            async with self._turn:
                found: list[R] = []
                until = time.perf_counter() + SLICE_SECONDS
                while done < len(rows) and len(found) < SLICE and time.perf_counter() < until:
                    found += made(rows[done : done + _FEW])
                    done += _FEW
                into.add(found)
                await asyncio.sleep(0)
