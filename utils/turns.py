"""Long work in slices: of all that is at work one slice at a time, and everyone else between two of them."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from utils.codec import Written

T = TypeVar("T")
R = TypeVar("R")

SLICE = 500
"""Rows of a slice: to write one takes some microseconds."""


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
        if len(rows) <= SLICE:
            into.add(made(rows))
            return
        for start in range(0, len(rows), SLICE):
            async with self._turn:
                into.add(made(rows[start : start + SLICE]))
                await asyncio.sleep(0)
