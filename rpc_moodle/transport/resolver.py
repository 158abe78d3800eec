"""Looking up names without threads, with a deadline, a memory and a budget: a slow name holds up nobody else."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from socket import AF_INET, AF_UNSPEC, AddressFamily
from typing import NamedTuple, Protocol

import aiodns
from aiohttp.abc import AbstractResolver, ResolveResult

from rpc_moodle.transport.budget import Budget
from rpc_moodle.transport.errors import Unreachable
from rpc_moodle.transport.guard import Guard, family_of, refusal

DEADLINE_SECONDS = 5.0
"""Seconds after which a name counts as one that does not resolve."""

KEPT_SECONDS, FAILED_SECONDS = 60.0, 10.0
"""Seconds for which addresses, and the failure to find any, are remembered."""

_REMEMBERED = 5000
"""Names that are remembered; the longest unused one makes room."""


_CALLER: ContextVar[Hashable] = ContextVar("caller", default=None)


@contextmanager
def looking_up_for(caller: Hashable) -> Iterator[None]:
    """Count the lookups inside the block as a caller's: aiohttp, which asks for them, knows of none."""
    before = _CALLER.set(caller)
    try:
        yield
    finally:
        _CALLER.reset(before)


class Names(Protocol):
    """What really finds the addresses of a name."""

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the addresses of a name. Raises OSError."""

    async def close(self) -> None:
        """Close whatever is open."""


class SystemNames:
    """The names that the system knows, by c-ares: ``/etc/hosts``, then the servers of ``/etc/resolv.conf``."""

    def __init__(self) -> None:
        """Open nothing yet."""
        self._channel: aiodns.DNSResolver | None = None

    async def addresses(self, host: str) -> Sequence[str]:
        """Return the addresses of a name. Raises OSError."""
        if self._channel is None:
            self._channel = aiodns.DNSResolver(timeout=DEADLINE_SECONDS / 2, tries=2)
        try:
            found = await self._channel.getaddrinfo(host, family=AF_UNSPEC)
        except aiodns.error.DNSError as error:
            raise OSError(str(error)) from None
        return [node.addr[0].decode() for node in found.nodes]

    async def close(self) -> None:
        """Close the sockets to the servers."""
        if self._channel is not None:
            await self._channel.close()
            self._channel = None


class _Found(NamedTuple):
    addresses: tuple[str, ...]
    until: float


class GuardedResolver(AbstractResolver):
    """Resolves names to allowed addresses alone.

    The connection goes to what this answers, so a name that resolves differently the next time gains nothing.
    """

    def __init__(  # noqa: PLR0913 - the rule, and limits that are set one by one
        self,
        guard: Guard,
        names: Names | None = None,
        *,
        budget: Budget | None = None,
        seconds: float = DEADLINE_SECONDS,
        trusted: str | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Take the rule, what really finds addresses, how many lookups may run, and how long one may take.

        ``trusted`` is a name that the rule is not for: the operator's own proxy.
        """
        self._guard = guard
        self._trusted = trusted
        self._names = names or SystemNames()
        self._budget = budget or Budget("names to look up", each=16, total=128)
        self._seconds = seconds
        self._clock = clock
        self._known: OrderedDict[str, _Found] = OrderedDict()
        self._asked: dict[str, asyncio.Task[_Found]] = {}

    async def find(self, host: str) -> tuple[str, ...]:
        """Return the addresses of a name, as remembered or looked up in the name of the caller of this context.

        Raises OverBudget, and Unreachable where there are none.
        """
        known = self._known.get(host)
        if known is None or known.until < self._clock():
            known = await asyncio.shield(self._asked.get(host) or self._ask(host))
        if not known.addresses:
            raise Unreachable(f"The host name {host} does not resolve; check the URL.")
        return known.addresses

    def _ask(self, host: str) -> asyncio.Task[_Found]:
        with ExitStack() as stack:
            stack.enter_context(self._budget.one(_CALLER.get()))
            task = asyncio.create_task(self._look_up(host))
            spent = stack.pop_all()
        self._asked[host] = task

        def done(_: object) -> None:
            spent.close()
            del self._asked[host]

        task.add_done_callback(done)
        return task

    async def _look_up(self, host: str) -> _Found:
        try:
            async with asyncio.timeout(self._seconds):
                addresses = tuple(await self._names.addresses(host))
        except (OSError, TimeoutError):
            addresses = ()
        found = _Found(addresses, self._clock() + (KEPT_SECONDS if addresses else FAILED_SECONDS))
        self._known[host] = found
        self._known.move_to_end(host)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        """Return the addresses to connect to; raises OSError for none, HostNotAllowed for none that is allowed."""
        try:
            found = await self.find(host)
        except Unreachable as error:
            raise OSError(str(error)) from None
        kept = [address for address in found if host == self._trusted or self._guard.allows(host, address)]
        if not kept:
            raise refusal(host)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family_of(address), proto=0, flags=0)
            for address in kept
            if family in {AF_UNSPEC, family_of(address)}
        ]

    async def close(self) -> None:
        """Give up what is being looked up."""
        tasks = list(self._asked.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._names.close()
