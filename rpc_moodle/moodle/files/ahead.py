"""Opening many files in order, the next ones while the first is still being read."""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from typing import TypeVar

from rpc_moodle.moodle.errors import MoodleError

AHEAD = 3
"""Files open at a time; with four turns per site, a reader that stalls leaves one to others."""

F = TypeVar("F")
Opener = Callable[[], AbstractAsyncContextManager[F]]
_Opened = tuple[AsyncExitStack, F | Exception]


async def in_order(
    openers: Iterable[Opener[F]], *, ahead: int = AHEAD, expected: tuple[type[Exception], ...] = (MoodleError,)
) -> AsyncGenerator[F | Exception, None]:
    """Open files and give each in turn, or the expected error that it was; a file is closed when the next is asked for.

    Leave it by ``contextlib.aclosing``, so that what was opened ahead is closed at once.
    """
    rest = iter(openers)
    opening: deque[asyncio.Task[_Opened[F]]] = deque()
    try:
        while True:
            for opener in rest:
                opening.append(asyncio.create_task(_open(opener, expected)))
                if len(opening) >= ahead:
                    break
            if not opening:
                return
            stack, file = await opening[0]
            async with stack:
                opening.popleft()
                yield file
    finally:
        for task in opening:
            task.cancel()
        for outcome in await asyncio.gather(*opening, return_exceptions=True):
            if not isinstance(outcome, BaseException):
                await outcome[0].aclose()


async def _open(opener: Opener[F], expected: tuple[type[Exception], ...]) -> _Opened[F]:
    async with AsyncExitStack() as stack:
        try:
            file = await stack.enter_async_context(opener())
        except expected as error:
            return AsyncExitStack(), error
        return stack.pop_all(), file
