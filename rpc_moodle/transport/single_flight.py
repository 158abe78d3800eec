"""Identical questions at the same moment are asked once."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

JOINED_SECONDS = 2.0
"""How old a request may be that another call joins: one that hangs must not hold up whoever comes later."""


class _Asked(Generic[T]):
    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiting = 0
        self.until = asyncio.get_running_loop().time() + JOINED_SECONDS


class Sharing(Generic[T]):
    """Joins calls in flight that have the same key, and counts them; nothing is kept once they are answered."""

    def __init__(self) -> None:
        """Start with none in flight."""
        self.joined = 0
        self._asked: dict[Hashable, _Asked[T]] = {}

    async def ask(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Await the call of this key that is in flight, or make one.

        Everyone gets its result or its exception. It is cancelled when the last of those who wait has gone;
        once one of them has given it up, nobody joins it any more.
        """
        asked = self._asked.get(key)
        if asked is None or asyncio.get_running_loop().time() > asked.until:
            asked = self._asked[key] = _Asked(asyncio.create_task(self._answered(key, make)))
        else:
            self.joined += 1
        asked.waiting += 1
        try:
            return await asyncio.shield(asked.task)
        finally:
            asked.waiting -= 1
            if not asked.task.done():
                self._forget(key, asked.task)
                if not asked.waiting:
                    asked.task.cancel()

    async def _answered(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        try:
            return await make()
        finally:
            self._forget(key, asyncio.current_task())

    def _forget(self, key: Hashable, task: asyncio.Task[Any] | None) -> None:
        if (asked := self._asked.get(key)) is not None and asked.task is task:
            del self._asked[key]
