"""The one place where HTTP sessions are made: pooled connections that remember nothing of anybody."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
from yarl import URL

from rpc_moodle.transport import errors
from rpc_moodle.transport.fair_queue import Turns
from rpc_moodle.transport.guard import Guard, GuardedResolver
from rpc_moodle.transport.seen import Exchange, Seen, seen_by
from rpc_moodle.transport.single_flight import Sharing
from rpc_moodle.transport.sites import Limits, Sites
from rpc_moodle.transport.trust import distrust

_CONNECT_SECONDS = 10
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json, */*"}


class Http:
    """Keep-alive connections to Moodle sites, shared by all calls of a process.

    No cookie is ever stored: Moodle sets a session cookie on every answer, and a shared jar would
    carry one tenant's session into another's request. Redirects are never followed: the token
    travels in the body, and a redirect could carry it to another host.
    """

    def __init__(  # noqa: PLR0913 - what an operator may set
        self,
        *,
        limits: Limits | None = None,
        guard: Guard | None = None,
        total_seconds: float = 60,
        read_seconds: float = 30,
        retry_seconds: float = 0.25,
        ca_file: Path | None = None,
        proxy: URL | None = None,
        seen: Seen | None = None,
    ) -> None:
        """Take what each site may be asked, which hosts may be, and limits in seconds.

        ``total_seconds`` limits a whole call, ``read_seconds`` a silent wait, in a file of any size too;
        ``retry_seconds`` is the first pause before an interrupted file is resumed. ``ca_file`` has certificates to
        trust besides the system's; raises OSError where it cannot be read or has none. All requests go through
        ``proxy``, if there is one, which then resolves the names. ``seen`` is told of each request that has ended.
        """
        self._limits = limits or Limits()
        self._guard = guard or Guard()
        self.sites = Sites(self._limits)
        self.sharing: Sharing[bytes] = Sharing()
        self.turns = Turns(max(1, min(self._limits.files, self._limits.parallel - 1)))
        self.retry_seconds = retry_seconds
        self.total_seconds = total_seconds
        self._read_seconds = read_seconds
        self._seen = seen
        self._proxy = proxy
        self._tls: ssl.SSLContext | bool = True
        if ca_file is not None:
            self._tls = ssl.create_default_context()
            self._tls.load_verify_locations(ca_file)
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        """Open the pool."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,
                limit_per_host=self._limits.parallel,
                ttl_dns_cache=60,
                resolver=GuardedResolver(self._guard, trusted=self._proxy.raw_host if self._proxy else None),
                ssl=self._tls,
            ),
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

    @asynccontextmanager
    async def post(  # noqa: PLR0913 - what a request is made of
        self,
        url: URL,
        form: bytes,
        headers: dict[str, str] | None = None,
        *,
        buffer: int = 2**16,
        what: str = "",
        attempt: int = 1,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Send a form and give the answer, its body unread; reading ahead stops at twice ``buffer`` bytes.

        ``what`` and ``attempt`` are for whoever is told of requests.
        The site's turn is waited for, and what comes out of the block tells the site's circuit how it is.

        Raises HostNotAllowed, QueueFull or CircuitOpen before anything is sent; Unreachable, SiteTimeout or
        BadResponse for what aiohttp raises, inside the block too; their texts name the host and nothing more
        of the URL.
        """
        if self._session is None:
            raise RuntimeError("Http is used outside its 'async with'")
        self._guard.check(url)
        async with self.sites.of(url).turn():
            try:
                with seen_by(self._seen, Exchange(url.host or "", what, attempt)) as exchange:
                    async with self._session.post(
                        url, data=form, headers={**_FORM, **(headers or {})}, allow_redirects=False, read_bufsize=buffer
                    ) as response:
                        exchange.response = response
                        yield response
            except (aiohttp.ClientError, OSError, TimeoutError, asyncio.IncompleteReadError) as error:
                raise translated(error, url) from None


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
