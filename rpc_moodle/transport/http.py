"""The one place where HTTP sessions are made: pooled connections that remember nothing of anybody."""

import asyncio
import ssl
import sys
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from yarl import URL

from rpc_moodle.transport import errors
from rpc_moodle.transport.allowance import AnswerLimits
from rpc_moodle.transport.answers import LONG
from rpc_moodle.transport.budget import Budget
from rpc_moodle.transport.guard import Guard
from rpc_moodle.transport.resolver import GuardedResolver, Names, looking_up_for
from rpc_moodle.transport.seen import Exchange, Seen, seen_by
from rpc_moodle.transport.single_flight import Sharing
from rpc_moodle.transport.sites import Limits, Sites
from rpc_moodle.transport.tenant import Tenant
from rpc_moodle.transport.trust import distrust

T = TypeVar("T")

_CONNECT_SECONDS = 10
_LARGE_AT_A_TIME = 2
"""Large answers that are read at a time: to read one takes many times its bytes."""

_HOST_CONNECTIONS = 128
"""Connections to one host at a time, however many sites a caller says are there."""

Body = bytes | AsyncIterable[bytes] | None
"""What a request carries."""

_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json, */*"}


class Http:
    """Keep-alive connections to sites, shared by all calls of a process.

    No cookie is ever stored: Moodle sets a session cookie on every answer, and a shared jar would
    carry one tenant's session into another's request. Redirects are never followed: the token
    travels in the body or a header, and a redirect could carry it to another host.
    """

    def __init__(  # noqa: PLR0913 - limits that are set one by one
        self,
        *,
        limits: Limits | None = None,
        guard: Guard | None = None,
        names: Names | None = None,
        connections: Budget | None = None,
        answers: AnswerLimits | None = None,
        total_seconds: float = 60,
        read_seconds: float = 30,
        ca_file: Path | None = None,
        proxy: URL | None = None,
        seen: Seen | None = None,
    ) -> None:
        """Take what each site may be asked, which hosts may be, how names are looked up, and limits in seconds.

        ``connections``: how many may be in use by a caller and by all; ``answers``: how much one call may be
        answered with. ``total_seconds`` limits a whole call, ``read_seconds`` a silent wait, in a file of any size
        too. ``ca_file`` has certificates to trust besides the system's; raises OSError where it cannot be read or has
        none. All requests go through ``proxy``, if there is one, which then resolves the names. ``seen`` is told of
        each request that has ended.
        """
        self.sites = Sites(limits)
        self.answers = answers or AnswerLimits()
        self.large = asyncio.Semaphore(_LARGE_AT_A_TIME)
        self.sharing: Sharing[bytes] = Sharing()
        self.total_seconds = total_seconds
        self._guard = guard or Guard()
        self._names = names
        self._connections = connections or Budget("connections to sites", each=256, total=1024)
        self._hosts = Budget("connections", each=_HOST_CONNECTIONS, total=sys.maxsize, users="host")
        self._read_seconds = read_seconds
        self._resolver: GuardedResolver | None = None
        self._seen = seen
        self._proxy = proxy
        self._tls: ssl.SSLContext | bool = True
        if ca_file is not None:
            self._tls = ssl.create_default_context()
            self._tls.load_verify_locations(ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the pool."""
        self._resolver = GuardedResolver(
            self._guard, self._names, trusted=self._proxy.raw_host if self._proxy else None
        )
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, use_dns_cache=False, resolver=self._resolver, ssl=self._tls),
            proxy=self._proxy,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=_CONNECT_SECONDS, sock_read=self._read_seconds, ceil_threshold=1e9
            ),
            headers={"User-Agent": "rpc_moodle"},
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    @asynccontextmanager
    async def request(  # noqa: PLR0913 - what a request is made of
        self,
        method: str,
        url: URL,
        *,
        tenant: Tenant | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        transfer: bool = False,
        buffer: int = 2**16,
        what: str = "",
        attempt: int = 1,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a request and give the answer, its body unread; reading ahead stops at twice ``buffer`` bytes.

        ``tenant``: in whose name; without one, nobody's at the URL's origin. ``body``: bytes, or pieces that are sent
        as they come, whose number may stand in a header Content-Length. A ``transfer`` has its place at the site
        already (``sites.transfer``); any other request waits for one. What comes out of the block tells the site's
        circuits how it is; who sees there that the site has let the key in says so (``sites.prove``).
        ``what`` and ``attempt`` are for whoever is told of requests.

        Raises HostNotAllowed, QueueFull, OverBudget or CircuitOpen before anything is sent; Unreachable, SiteTimeout
        or BadResponse for what aiohttp raises, inside the block too; their texts name the host and nothing more
        of the URL.
        """
        if self._session is None:
            raise RuntimeError("Http is used outside its 'async with'")
        self._guard.check(url)
        tenant, host = tenant or Tenant(url.origin()), url.raw_host or ""
        async with self.sites.asked(tenant, transfer=transfer):
            with self._connections.one(tenant.caller), self._hosts.one(host):
                try:
                    with seen_by(self._seen, Exchange(url.host or "", what, attempt)) as exchange:
                        with looking_up_for(tenant.caller):
                            response = await self._session.request(
                                method, url, data=body, headers=headers, allow_redirects=False, read_bufsize=buffer
                            )
                        exchange.response = response
                        async with response:
                            yield response
                except (aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                    raise translated(error, url) from None

    async def beside(self, body: bytes, work: Callable[[], T]) -> T:
        """Do what costs time and memory with the length of a body: a long one beside the event loop, few at a time."""
        if len(body) < LONG:
            return work()
        async with self.large:
            return await asyncio.to_thread(work)

    def post(  # noqa: PLR0913 - as above
        self,
        url: URL,
        form: Body,
        headers: Mapping[str, str] | None = None,
        *,
        tenant: Tenant | None = None,
        transfer: bool = False,
        buffer: int = 2**16,
        what: str = "",
        attempt: int = 1,
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """Send a form, whose type ``headers`` may say; all else as in :meth:`request`."""
        return self.request(
            "POST",
            url,
            tenant=tenant,
            headers={**_FORM, **(headers or {})},
            body=form,
            transfer=transfer,
            buffer=buffer,
            what=what,
            attempt=attempt,
        )


def translated(error: Exception, url: URL) -> errors.SiteError:  # noqa: PLR0911 - a table reads best as one
    """Turn whatever aiohttp or the system raises into this package's errors."""
    host = url.host or "the site"
    match error:
        case aiohttp.ConnectionTimeoutError():
            return errors.Unreachable(f"{host} did not accept a connection within {_CONNECT_SECONDS} seconds.")
        case TimeoutError():
            return errors.SiteTimeout(f"{host} accepted the request and then sent nothing for too long.")
        case aiohttp.ClientConnectorDNSError():
            return errors.Unreachable(f"The host name {host} does not resolve; check the Moodle URL.")
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            return distrust(error, url)
        case aiohttp.ClientConnectorError() | ConnectionRefusedError():
            plain = "; where the site has no HTTPS, write http:// before it" if url.scheme == "https" else ""
            return errors.Unreachable(f"Nothing accepts connections at {host}:{url.port}; check the Moodle URL{plain}.")
        case aiohttp.InvalidURL():
            return errors.InvalidSite("The Moodle URL cannot be used; it looks like https://moodle.example.edu.")
        case aiohttp.ClientPayloadError():
            return errors.Truncated(f"{host} broke off in the middle of its answer.")
        case aiohttp.ClientResponseError():
            return errors.BadResponse(f"{host} answers, but not with HTTP that can be read.")
        case _:
            return errors.Disconnected(f"The connection to {host} broke before an answer came.")
