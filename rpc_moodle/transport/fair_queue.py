"""Whose turn it is to transfer a file: a few at a time per site, in fair order."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class _Line:
    def __init__(self) -> None:
        self.running = 0
        self.waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()


class Turns:
    """Lets at most ``per_site`` transfers run per site; those who wait are served one owner after the other.

    So an owner of one file waits for one transfer per other owner at most, not for another's five hundred.
    """

    def __init__(self, per_site: int) -> None:
        self.per_site = per_site
        self._lines: dict[Hashable, _Line] = {}

    @asynccontextmanager
    async def turn(self, site: Hashable, owner: Hashable) -> AsyncIterator[None]:
        """Wait for a turn at a site, and hold it inside the block."""
        await self._take(site, owner)
        try:
            yield
        finally:
            self._pass_on(site)

    async def _take(self, site: Hashable, owner: Hashable) -> None:
        line = self._lines.setdefault(site, _Line())
        if line.running < self.per_site:
            line.running += 1
            return
        future = asyncio.get_running_loop().create_future()
        line.waiting.setdefault(owner, deque()).append(future)
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():  # the turn came at the same moment
                self._pass_on(site)
            raise

    def _pass_on(self, site: Hashable) -> None:
        line = self._lines[site]
        while line.waiting:
            owner, futures = line.waiting.popitem(last=False)
            future = futures.popleft()
            if futures:
                line.waiting[owner] = futures
            if not future.done():  # one that was cancelled still stands in line
                future.set_result(None)
                return
        line.running -= 1
        if not line.running:
            del self._lines[site]
