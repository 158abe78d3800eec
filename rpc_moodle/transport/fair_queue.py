"""A fair queue: so many places at a time, shared out among tenants first and among a tenant's owners second."""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from rpc_moodle.transport.errors import QueueFull

_Line = deque[asyncio.Future[None]]


class FairQueue:
    """Places that are held for the time of a block.

    ``places`` at a time, ``each`` of them for one tenant; ``spare`` more, for tenants that hold none: so nobody waits
    for a neighbour who keeps all places to himself. Those who wait are served one tenant after the other, and within
    a tenant one owner after the other; ``waiting`` of a tenant may wait.
    """

    def __init__(self, places: int, *, each: int | None = None, spare: int = 0, waiting: int | None = None) -> None:
        self.running = 0
        self._places = places
        self._each = places if each is None else each
        self._spare = spare
        self._limit = waiting
        self._held: Counter[Hashable] = Counter()
        self._queued: Counter[Hashable] = Counter()
        self._lines: OrderedDict[Hashable, OrderedDict[Hashable, _Line]] = OrderedDict()

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return self._queued.total()

    @asynccontextmanager
    async def place(self, tenant: Hashable, owner: Hashable = None) -> AsyncIterator[None]:
        """Wait for a place, and hold it inside the block. Raises QueueFull."""
        await self._take(tenant, owner)
        try:
            yield
        finally:
            self._release(tenant)

    def _is_free(self, tenant: Hashable) -> bool:
        held = self._held[tenant]
        return held < self._each and self.running < self._places + (0 if held else self._spare)

    async def _take(self, tenant: Hashable, owner: Hashable) -> None:
        if tenant not in self._lines and self._is_free(tenant):
            self._hold(tenant)
            return
        queued = self._queued[tenant]
        if self._limit is not None and queued >= self._limit:
            raise QueueFull(f"{queued} requests wait for this site already; call again later.", retry_after=1.0)
        future = asyncio.get_running_loop().create_future()
        self._lines.setdefault(tenant, OrderedDict()).setdefault(owner, deque()).append(future)
        self._queued[tenant] += 1
        try:
            await future
        except asyncio.CancelledError:
            if future.cancelled():
                self._leave(tenant, owner, future)
            else:  # the place came at the same moment
                self._release(tenant)
            raise

    def _hold(self, tenant: Hashable) -> None:
        self.running += 1
        self._held[tenant] += 1

    def _release(self, tenant: Hashable) -> None:
        self.running -= 1
        _count_down(self._held, tenant)
        while (waiting := next(filter(self._is_free, self._lines), None)) is not None:
            owner, line = next(iter(self._lines[waiting].items()))
            future = line[0]
            self._leave(waiting, owner, future)
            if not future.done():  # one that was cancelled a moment ago still stands in line
                self._hold(waiting)
                future.set_result(None)

    def _leave(self, tenant: Hashable, owner: Hashable, future: asyncio.Future[None]) -> None:
        """Take one out of the line, and put its owner and its tenant behind the others."""
        owners = self._lines.get(tenant, OrderedDict())
        if future not in owners.get(owner, ()):
            return
        owners[owner].remove(future)
        _count_down(self._queued, tenant)
        owners.move_to_end(owner)
        if not owners[owner]:
            del owners[owner]
        self._lines.move_to_end(tenant)
        if not owners:
            del self._lines[tenant]


def _count_down(counter: Counter[Hashable], key: Hashable) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
