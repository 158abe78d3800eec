"""Long work in slices: of all that is at work one slice at a time, and everyone else between two of them."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

SLICE, SLICE_SECONDS = 500, 0.01
"""Rows of a slice, and how long it lasts at most: to write one takes some microseconds, or a millisecond."""

_FEW = 20
"""Rows that need no slice."""


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

    async def mapped(self, write: Callable[[T], R], rows: Sequence[T]) -> list[R]:
        """Return ``write`` of each row, in order; few rows are written at once. Raises what ``write`` raises."""
        if len(rows) <= _FEW:
            return list(map(write, rows))
        found: list[R] = []
        while len(found) < len(rows):
            async with self._turn:
                until = time.perf_counter() + SLICE_SECONDS
                for row in rows[len(found) : len(found) + SLICE]:
                    found.append(write(row))
                    if time.perf_counter() > until:
                        break
                await asyncio.sleep(0)
        return found
