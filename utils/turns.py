"""Long work in slices: of all that is at work one slice at a time, and everyone else between two of them."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

from utils.codec import Written

T = TypeVar("T")
R = TypeVar("R")

SLICE, SLICE_SECONDS = 1000, 0.005
"""Rows of a slice, and how long it lasts at most: to write one takes some microseconds, or a millisecond."""

_FEW = 25
"""Rows that need no slice, and those between two looks at the clock."""


class Turns:
    """The turns of one event loop, which those who have long work take one after the other.

    Without them each of many calls would do a slice whenever the loop comes round, and all others wait for as many.
    ``whose`` names a caller: callers take turns, however much work one of them has.
    """

    def __init__(self) -> None:
        """Start with nobody at work."""
        self._slices = _Line()
        self._threads = _Line()

    async def aside(self, work: Callable[[], R], *, whose: Hashable = None) -> R:
        """Return the result of work that cannot be sliced, done in a thread. Raises what it raises."""
        async with self._threads.turn(whose):
            return await asyncio.to_thread(work)

    async def write(
        self,
        into: Written[R],
        made: Callable[[Sequence[T]], Sequence[R]],
        rows: Sequence[T],
        *,
        whose: Hashable = None,
    ) -> None:
        """Write what is ``made`` of rows, slice by slice and in order; few rows are written at once.

        Raises what ``made`` raises, and TypeError for what is no JSON.
        """
        if len(rows) <= _FEW:
            into.add(made(rows))
            return
        done = 0
        while done < len(rows):
            async with self._slices.turn(whose):
                found: list[R] = []
                until = time.perf_counter() + SLICE_SECONDS
                while done < len(rows) and len(found) < SLICE and time.perf_counter() < until:
                    found += made(rows[done : done + _FEW])
                    done += _FEW
                into.add(found)
                await asyncio.sleep(0)


class _Line:
    """Those who wait for a turn: of each caller one at a time, so that nobody waits behind all the work of another."""

    def __init__(self) -> None:
        self._first = asyncio.Lock()
        self._own: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, whose: Hashable) -> AsyncIterator[None]:
        own = self._own.setdefault(whose, asyncio.Lock())
        async with own, self._first:
            yield
