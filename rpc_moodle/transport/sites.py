"""Each site's queues and circuits: no more is asked of it than it can bear, and nothing while it is down."""

from collections import Counter, OrderedDict
from collections.abc import AsyncIterator, Hashable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TypeVar

from aiolimiter import AsyncLimiter
from yarl import URL

from rpc_moodle.transport import errors
from rpc_moodle.transport.circuit import Circuit
from rpc_moodle.transport.fair_queue import FairQueue
from rpc_moodle.transport.tenant import Tenant

K = TypeVar("K")
V = TypeVar("V")

_REMEMBERED = 1000
"""Sites of which a state is kept, and circuits of one site; the longest unused one makes room."""

_PROVEN = 50_000
"""Keys that are remembered to be good; the longest unused one makes room."""


@dataclass(frozen=True)
class Limits:
    """What one site may be asked; it is told apart by its root URL.

    ``parallel`` requests at a time, and a quarter more for keys that have none running; beside them ``files``
    transfers of files at a time for each key. ``per_second`` requests in a second (0: any number), ``waiting``
    requests of one key in the queue; after ``failures`` in a row the site is left alone for ``open_seconds``.
    """

    parallel: int = 8
    files: int = 4
    per_second: float = 0
    waiting: int = 2000
    failures: int = 20
    open_seconds: float = 5


class Site:
    """One site's queues and circuits.

    All whose key has proven good share a circuit, which takes the failures of two of them to open; besides, each has
    one of its own, and so have its transfers of files. So whoever makes the site fail fails for himself alone.
    """

    def __init__(self, limits: Limits) -> None:
        """Start idle."""
        self.calls = FairQueue(limits.parallel, spare=max(1, limits.parallel // 4), waiting=limits.waiting)
        # Twice as many places as for calls, and one more for each newcomer: most wait for their reader, not the site.
        places = 2 * limits.parallel
        self.transfers = FairQueue(places, each=limits.files, spare=10 * places, waiting=limits.waiting)
        self.shared = Circuit(failures=limits.failures, seconds=limits.open_seconds, witnesses=2)
        self._limits = limits
        self._pace = AsyncLimiter(limits.per_second, 1) if limits.per_second else None
        self._own: OrderedDict[Hashable, Circuit] = OrderedDict()
        self._asking: Counter[Hashable] = Counter()

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not (self._asking or self.calls.running or self.calls.waiting or self.transfers.running)

    @property
    def open(self) -> bool:
        """Whether it is left alone, by all or by someone."""
        return any(circuit.state != "closed" for circuit in (self.shared, *self._own.values()))

    @asynccontextmanager
    async def asked(self, owner: Hashable, *, proven: bool, transfer: bool = False) -> AsyncIterator[None]:
        """Ask in ``owner``'s name for as long as the block lasts, whose outcome the circuits learn.

        A ``transfer`` has its place already; any other request waits for one. Raises QueueFull or CircuitOpen.
        """
        if transfer:
            async with self._circuits((owner, "transfer"), shared=False):
                yield
        else:
            async with self.calls.place(owner), self._circuits(owner, shared=proven):
                yield

    @asynccontextmanager
    async def _circuits(self, key: Hashable, *, shared: bool) -> AsyncIterator[None]:
        if self._pace is not None:
            await self._pace.acquire()
        own = self._own.get(key)
        if own is None:
            own = self._own[key] = Circuit(failures=self._limits.failures, seconds=self._limits.open_seconds)
        self._asking[key] += 1
        try:
            circuits = (own, self.shared) if shared else (own,)
            _ask(circuits)
            with _reporting(circuits, key):
                yield
        finally:
            self._asking[key] -= 1
            if not self._asking[key]:
                del self._asking[key]
                self._tidy(key, own)

    def _tidy(self, key: Hashable, circuit: Circuit) -> None:
        """Forget a circuit that is as good as a new one; of others keep so many."""
        if circuit.idle:
            self._own.pop(key, None)
        elif key in self._own:
            self._own.move_to_end(key)
        if len(self._own) > _REMEMBERED:
            _drop(self._own, (each for each in self._own if each not in self._asking), _REMEMBERED)


def _ask(circuits: tuple[Circuit, ...]) -> None:
    for number, circuit in enumerate(circuits):
        wait = circuit.wait()
        if wait is not None:
            for asked in circuits[:number]:
                asked.given_up()
            raise errors.CircuitOpen(
                "The last requests to this site failed, so that it is left alone for a moment.", retry_after=wait
            )


@contextmanager
def _reporting(circuits: tuple[Circuit, ...], witness: Hashable) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        for circuit in circuits:
            _tell(circuit, error, witness)
        raise
    for circuit in circuits:
        circuit.succeeded()


def _tell(circuit: Circuit, error: BaseException, witness: Hashable) -> None:
    match error:
        case errors.Unreachable() | errors.SiteTimeout() | errors.ServerFault() | errors.Truncated():
            circuit.failed(witness)
        case errors.HostNotAllowed() | errors.QueueFull():  # nothing was sent, which says nothing about the site
            circuit.given_up()
        case errors.SiteError():
            circuit.succeeded()
        case _:
            circuit.given_up()


class Sites:
    """The sites in use, and the keys that have proven good at them."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Take the limits, which hold for each site by itself."""
        self._limits = limits or Limits()
        self._sites: OrderedDict[URL, Site] = OrderedDict()
        self._proven: OrderedDict[tuple[URL, bytes], None] = OrderedDict()

    def of(self, root: URL) -> Site:
        """Return the state of the site with that root URL."""
        site = self._sites.get(root)
        if site is None:
            site = self._sites[root] = Site(self._limits)
            if len(self._sites) > _REMEMBERED:
                _drop(self._sites, (key for key, each in self._sites.items() if each.idle and key != root), _REMEMBERED)
        self._sites.move_to_end(root)
        return site

    def asked(self, tenant: Tenant, *, transfer: bool = False) -> AbstractAsyncContextManager[None]:
        """Ask a tenant's site for as long as the block lasts; see :meth:`Site.asked`."""
        proven = self.is_proven(tenant)
        # Keys that nobody has seen to be good are easily made up: all that a caller names stand in line as one.
        owner = tenant.key if proven or transfer or tenant.caller is None else (tenant.caller, "unproven")
        return self.of(tenant.site).asked(owner, proven=proven, transfer=transfer)

    def transfer(self, tenant: Tenant, owner: Hashable) -> AbstractAsyncContextManager[None]:
        """Hold one of a tenant's places for transfers; those of one ``owner`` take turns with those of others."""
        return self.of(tenant.site).transfers.place(tenant.key, owner)

    def prove(self, tenant: Tenant) -> None:
        """Remember that the site has let a key in."""
        if not tenant.key:
            return
        self._proven[tenant.site, tenant.key] = None
        self._proven.move_to_end((tenant.site, tenant.key))
        if len(self._proven) > _PROVEN:
            self._proven.popitem(last=False)

    def is_proven(self, tenant: Tenant) -> bool:
        """Tell whether the site has let a key in."""
        return (tenant.site, tenant.key) in self._proven

    def counts(self) -> dict[str, int]:
        """Count the sites that are known and those left alone, and the requests and transfers that run and wait."""
        queues = [queue for site in self._sites.values() for queue in (site.calls, site.transfers)]
        return {
            "known": len(self._sites),
            "running": sum(queue.running for queue in queues),
            "waiting": sum(queue.waiting for queue in queues),
            "open": sum(site.open for site in self._sites.values()),
        }

    def state(self) -> Mapping[str, object]:
        """Return the counts, and in ``open`` the sites that are left alone, by scheme, host and port."""
        found = (str(root.origin()) for root, site in self._sites.items() if site.open)
        return {**self.counts(), "open": list(dict.fromkeys(found))}


def _drop(kept: OrderedDict[K, V], idle: Iterator[K], limit: int) -> None:
    """Drop the longest unused of those that may be dropped, until no more than so many are left."""
    for key in list(idle)[: len(kept) - limit]:
        del kept[key]
