"""How many sockets there may be, in total and from one address."""

from collections import Counter
from ipaddress import IPv6Address, ip_address

from aiohttp import web

RETRY_SECONDS = 5


class Sockets:
    """Counts the open sockets by the address that they come from.

    Addresses of IPv6 count by their first 64 bits, since anyone has the others. No header is believed: behind a
    proxy, all sockets come from the proxy's address.
    """

    def __init__(self, total: int, per_address: int) -> None:
        """Take the limits."""
        self._total = total
        self._per_address = per_address
        self._origins: dict[str, str] = {}
        self._counts: Counter[str] = Counter()

    def refusal(self, request: web.Request) -> web.Response | None:
        """Return the answer to a request for one socket too many; None when there is room."""
        if len(self._origins) >= self._total:
            return _refused(503, "The service has as many connections as it takes; connect again later.")
        if self._counts[origin(request.remote)] >= self._per_address:
            return _refused(429, "There are too many connections from this address; close some, or share one.")
        return None

    def opened(self, sid: str, remote: str | None) -> None:
        """Count a new socket."""
        self._origins[sid] = where = origin(remote)
        self._counts[where] += 1

    def closed(self, sid: str) -> None:
        """Count a socket no more."""
        where = self._origins.pop(sid, None)
        if where is not None:
            self._counts[where] -= 1
            if not self._counts[where]:
                del self._counts[where]

    def __len__(self) -> int:
        return len(self._origins)


def origin(remote: str | None) -> str:
    """Return what stands for an address when sockets are counted."""
    try:
        address = ip_address((remote or "").partition("%")[0])
    except ValueError:
        return remote or ""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64))
    return str(address)


def _refused(status: int, message: str) -> web.Response:
    # The form in which Engine.IO says what is wrong with a handshake.
    return web.json_response(
        {"code": 3, "message": message}, status=status, headers={"Retry-After": str(RETRY_SECONDS)}
    )
