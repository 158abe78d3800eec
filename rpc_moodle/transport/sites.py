"""What is asked of each site at a time: no more than it can bear, and nothing while it is down."""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from aiolimiter import AsyncLimiter
from yarl import URL

from rpc_moodle.transport import errors
from rpc_moodle.transport.circuit import Circuit

_REMEMBERED = 1000
"""Sites of which a state is kept; the longest unused one makes room."""


@dataclass(frozen=True)
class Limits:
    """What one site may be asked; it is told apart by scheme, host and port.

    ``parallel`` requests at a time, ``files`` of them transfers of files; ``per_second`` requests in a second
    (0: any number), ``waiting`` requests in the queue; after ``failures`` in a row the site is left alone
    for ``open_seconds``.
    """

    parallel: int = 8
    files: int = 4
    per_second: float = 0
    waiting: int = 2000
    failures: int = 20
    open_seconds: float = 5


class Site:
    """One site's queue and circuit."""

    def __init__(self, limits: Limits) -> None:
        """Start idle."""
        self.circuit = Circuit(failures=limits.failures, seconds=limits.open_seconds)
        self.waiting = 0
        self.running = 0
        self._limits = limits
        self._slots = asyncio.Semaphore(limits.parallel)
        self._pace = AsyncLimiter(limits.per_second, 1) if limits.per_second else None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a slot, and hold it inside the block, whose outcome the circuit learns.

        Raises QueueFull or CircuitOpen.
        """
        if self.waiting >= self._limits.waiting:
            raise errors.QueueFull(
                f"{self.waiting} requests wait for this Moodle site already; call again later.", retry_after=1.0
            )
        self.waiting += 1
        try:
            await self._slots.acquire()
        finally:
            self.waiting -= 1
        self.running += 1
        try:
            if self._pace is not None:
                await self._pace.acquire()
            wait = self.circuit.wait()
            if wait is not None:
                raise errors.CircuitOpen(
                    "The last requests to this Moodle site failed, so that it is left alone for a moment.",
                    retry_after=wait,
                )
            with _reporting(self.circuit):
                yield
        finally:
            self.running -= 1
            self._slots.release()


@contextmanager
def _reporting(circuit: Circuit) -> Iterator[None]:
    try:
        yield
    except (errors.Unreachable, errors.SiteTimeout, errors.ServerFault, errors.Truncated):
        circuit.failed()
        raise
    except errors.HostNotAllowed:
        circuit.given_up()
        raise
    except errors.SiteError:
        circuit.succeeded()
        raise
    except BaseException:
        circuit.given_up()
        raise
    else:
        circuit.succeeded()


class Sites:
    """The sites in use."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Take the limits, which hold for each site by itself."""
        self._limits = limits or Limits()
        self._sites: OrderedDict[str, Site] = OrderedDict()

    def of(self, url: URL) -> Site:
        """Give the state of the site that a URL belongs to."""
        key = str(url.origin())
        site = self._sites.get(key)
        if site is None:
            site = self._sites[key] = Site(self._limits)
            self._forget()
        self._sites.move_to_end(key)
        return site

    def _forget(self) -> None:
        idle = (key for key, site in self._sites.items() if not site.running and not site.waiting)
        for key in list(idle)[: max(0, len(self._sites) - _REMEMBERED)]:
            del self._sites[key]

    def counts(self) -> dict[str, int]:
        """Count the sites that are known and those left alone, and the requests that run and wait."""
        return {
            "known": len(self._sites),
            "running": sum(site.running for site in self._sites.values()),
            "waiting": sum(site.waiting for site in self._sites.values()),
            "open": len(self._left_alone()),
        }

    def state(self) -> Mapping[str, object]:
        """Give the counts, and in ``open`` the sites that are left alone."""
        return {**self.counts(), "open": self._left_alone()}

    def _left_alone(self) -> list[str]:
        return [key for key, site in self._sites.items() if site.circuit.state != "closed"]
