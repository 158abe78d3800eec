"""Which addresses may be connected to: whoever names a URL must not reach the service's own network through it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from socket import AF_INET, AF_INET6, AddressFamily, inet_aton, inet_ntoa

from yarl import URL

from rpc_moodle.transport.errors import HostNotAllowed, PlainHttp

_SPECIAL_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's own services, from within it
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
"""What is not the public Internet (IANA's special-purpose registry): a list of our own, as Pythons differ."""

_GLOBAL_IPV6 = IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(map(IPv6Network, ("2001::/23", "2001:db8::/32", "3fff::/20")))
_MAPPED, _NAT64, _6TO4 = (IPv6Network(each) for each in ("::ffff:0:0/96", "64:ff9b::/96", "2002::/16"))


class Guard:
    """The operator's rule: every host, public addresses alone, or a list of names.

    A name on the list may have any address; ``*.example.edu`` stands for all names below it.
    """

    def __init__(self, *, hosts: Sequence[str] = (), private: bool = True, http: bool = True) -> None:
        """Take the names that alone may be called (none: every name), and what else may be.

        ``private``: addresses that are not public; ``http``: sites without TLS.
        """
        self._hosts = tuple(_plain(host) for host in hosts)
        self._private = private
        self._http = http

    def check(self, url: URL) -> None:
        """Refuse a URL for what can be seen of it before its name is resolved; raises HostNotAllowed."""
        if url.scheme != "https" and not self._http:
            raise PlainHttp("The service calls no site over http://, where everybody on the way can read the key.")
        host = url.raw_host or ""
        address = written(host)
        if not (self.allows(host, address) if address else not self._hosts or self._is_listed(host)):
            raise refusal(host)

    def allows(self, host: str, address: str) -> bool:
        """Tell whether the name may be connected to at an address that it resolved to."""
        if self._hosts:
            return self._is_listed(host)
        return self._private or is_public(address)

    def _is_listed(self, host: str) -> bool:
        name = _plain(host)
        return any(
            name == allowed or (allowed.startswith("*.") and name.endswith(allowed[1:])) for allowed in self._hosts
        )


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public Internet, also where it wraps an IPv4 address."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        if ip in _MAPPED or ip in _NAT64:
            ip = IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip in _6TO4:
            ip = IPv4Address(int(ip) >> 80 & 0xFFFFFFFF)
        else:
            return ip in _GLOBAL_IPV6 and not any(ip in network for network in _SPECIAL_IPV6)
    return not any(ip in network for network in _SPECIAL_IPV4)


def written(host: str) -> str:
    """Return the address that a host stands for without being resolved, else nothing.

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


def family_of(address: str) -> AddressFamily:
    """Tell IPv6 from IPv4."""
    return AF_INET6 if ":" in address else AF_INET


def refusal(host: str) -> HostNotAllowed:
    """Return the error for an address that may not be connected to."""
    return HostNotAllowed(f"This service may not connect to {host}.")


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower()
