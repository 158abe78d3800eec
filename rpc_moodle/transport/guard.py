"""Which addresses may be connected to: whoever names a URL must not reach the service's own network through it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from socket import AF_INET, AddressFamily, inet_aton, inet_ntoa

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from rpc_moodle.transport.errors import HostNotAllowed

_NAT64 = IPv6Network("64:ff9b::/96")


class Guard:
    """The operator's rule: every host, public addresses alone, or a list of names.

    A name on the list may have any address; ``*.example.edu`` stands for all names below it.
    """

    def __init__(self, *, hosts: Sequence[str] = (), private: bool = True) -> None:
        """Take the names that alone may be called (none: every name), and whether addresses may be private."""
        self._hosts = tuple(_plain(host) for host in hosts)
        self._private = private

    def check(self, url: URL) -> None:
        """Refuse a URL for what can be seen of it before its name is resolved; raises HostNotAllowed."""
        host = url.raw_host or ""
        address = _written(host)
        if not (self.allows(host, address) if address else not self._hosts or self._listed(host)):
            raise _refusal(host)

    def allows(self, host: str, address: str) -> bool:
        """Tell whether the name may be connected to at an address that it resolved to."""
        if self._hosts:
            return self._listed(host)
        return self._private or is_public(address)

    def _listed(self, host: str) -> bool:
        name = _plain(host)
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:])) for allowed in self._hosts
        )


class GuardedResolver(AbstractResolver):
    """Resolves names to allowed addresses alone.

    The connection goes to what this answers, so a name that resolves differently the next time gains nothing.
    """

    def __init__(self, guard: Guard, inner: AbstractResolver | None = None, *, trusted: str | None = None) -> None:
        """Take the rule, what really resolves, and a name that the rule is not for: the operator's own proxy."""
        self._guard = guard
        self._trusted = trusted
        self._inner = inner or DefaultResolver()

    async def resolve(self, host: str, port: int = 0, family: AddressFamily = AF_INET) -> list[ResolveResult]:
        """Resolve a name; raises OSError when it has no address, HostNotAllowed when it has none that is allowed."""
        found = await self._inner.resolve(host, port, family)
        kept = [each for each in found if host == self._trusted or self._guard.allows(host, each["host"])]
        if found and not kept:
            raise _refusal(host)
        return kept

    async def close(self) -> None:
        """Close what really resolves."""
        await self._inner.close()


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public Internet, also where it wraps an IPv4 address."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        wrapped = IPv4Address(int(ip) & 0xFFFFFFFF) if ip in _NAT64 else ip.ipv4_mapped or ip.sixtofour
        if wrapped is not None:
            ip = wrapped
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _written(host: str) -> str:
    """Give the address that a host stands for without being resolved, else nothing.

    ``127.1``, ``0x7f000001`` and ``2130706433`` are ways to write one; ``localhost`` has its own (RFC 6761).
    """
    if f".{_plain(host)}".endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ip_address(host.partition("%")[0]))
    except ValueError:
        try:
            return inet_ntoa(inet_aton(host))
        except OSError:
            return ""


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower()


def _refusal(host: str) -> HostNotAllowed:
    return HostNotAllowed(f"This service may not connect to {host}.")
