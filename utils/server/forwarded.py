"""Who a caller is when a proxy stands in between: what it says is believed of the operator's own proxies alone."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

Network = IPv4Network | IPv6Network


def caller_behind(remote: str | None, forwarded: Sequence[str], trusted: Sequence[Network]) -> str | None:
    """Return a caller's address: the last one of ``X-Forwarded-For`` that is not a proxy's own.

    ``remote`` is who the connection is from. What stands further left can have been written by anybody.
    """
    found = remote
    for said in reversed([part.strip() for line in forwarded for part in line.split(",")]):
        address = _address(found)
        if address is None or not any(address in network for network in trusted):
            return found
        if _address(said) is None:
            return found
        found = said
    return found


def forwarding(proxies: Sequence[str]) -> Middleware:
    """Make the middleware that gives requests of these proxies the address of the caller behind."""
    trusted = tuple(ip_network(proxy) for proxy in proxies)

    @web.middleware
    async def forwarded(request: web.Request, handler: Handler) -> web.StreamResponse:
        remote = caller_behind(request.remote, request.headers.getall("X-Forwarded-For", []), trusted)
        return await handler(request if remote == request.remote else request.clone(remote=remote or ""))

    return forwarded


def _address(text: str | None) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text or "")
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
