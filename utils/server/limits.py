"""How many sockets there may be, in total and from one address, and how many of them may be strangers'."""

from collections import Counter, OrderedDict
from collections.abc import Iterable

STRANGERS = 200
"""Sockets that have shown no token yet, where one is asked for; one more takes the place of the oldest of them."""


class Sockets:
    """Counts the open sockets: those that may call, by the address that they come from, and strangers apart.

    Strangers never take a place from those who may call, and never keep one out who is about to show a token: there
    is always room for one more, at the cost of the oldest stranger of the address that has the most.
    No header is believed: behind a proxy, all sockets come from the proxy's address.
    """

    def __init__(self, total: int, per_address: int, *, strangers: int | None = None) -> None:
        """Take the limits."""
        self._total = total
        self._per_address = per_address
        self._most_strangers = strangers or STRANGERS
        self._origins: dict[str, str] = {}
        self._known: Counter[str] = Counter()
        self._strangers: OrderedDict[str, str] = OrderedDict()

    def problem(self, where: str) -> tuple[int, str] | None:
        """Return why there is no room for one more from an origin, with its HTTP status; None when there is."""
        if len(self._origins) - len(self._strangers) >= self._total:
            return 503, "The service has as many connections as it takes; connect again later."
        if self._known[where] >= self._per_address:
            return 429, "There are too many connections from this address; close some, or share one."
        return None

    def opened(self, sid: str, where: str, *, stranger: bool) -> Iterable[str]:
        """Count a new socket; return the strangers' sockets that have to be closed for it."""
        self._origins[sid] = where
        if not stranger:
            self._known[where] += 1
            return ()
        self._strangers[sid] = where
        return [self._oldest()] if len(self._strangers) > self._most_strangers else ()

    def admitted(self, sid: str) -> str | None:
        """Count a stranger among those who may call; return why there is no room for it, or None."""
        where = self._strangers.get(sid)
        if where is None:
            return None
        problem = self.problem(where)
        if problem is not None:
            return problem[1]
        del self._strangers[sid]
        self._known[where] += 1
        return None

    def dismissed(self, sid: str) -> None:
        """Count a socket that may call no more among the strangers."""
        where = self._origins.get(sid)
        if where is not None and sid not in self._strangers:
            self._less(where)
            self._strangers[sid] = where

    def closed(self, sid: str) -> None:
        """Count a socket no more."""
        where = self._origins.pop(sid, None)
        if where is not None and self._strangers.pop(sid, None) is None:
            self._less(where)

    def origin(self, sid: str) -> str:
        """Return where a socket comes from."""
        return self._origins.get(sid, "")

    @property
    def strangers(self) -> int:
        """How many sockets have shown no token that is known."""
        return len(self._strangers)

    def _less(self, where: str) -> None:
        self._known[where] -= 1
        if not self._known[where]:
            del self._known[where]

    def _oldest(self) -> str:
        [(most, _)] = Counter(self._strangers.values()).most_common(1)
        return next(sid for sid, where in self._strangers.items() if where == most)
