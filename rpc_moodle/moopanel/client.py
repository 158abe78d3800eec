"""One site and one MooPanel key: the client speaks, an area module knows; nothing is remembered."""

import asyncio
from collections.abc import Callable, Hashable, Mapping
from contextlib import AsyncExitStack
from functools import cache, partial
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import SecretStr, TypeAdapter
from yarl import URL

from rpc_moodle.moopanel import errors, wire
from rpc_moodle.moopanel.secrets import fingerprint
from rpc_moodle.transport.address import site_url
from rpc_moodle.transport.allowance import Allowance, too_large
from rpc_moodle.transport.http import Http
from rpc_moodle.transport.retry import again
from rpc_moodle.transport.tenant import Tenant

T = TypeVar("T")

_CHUNK = 256 * 1024


class PanelClient:
    """A site as one MooPanel key sees it: ``async with PanelClient(url, key) as panel: …``.

    Every method raises MooPanelError; see ``rpc_moodle.moopanel.errors`` for the tree.
    """

    def __init__(
        self,
        url: str | URL,
        key: str | SecretStr,
        *,
        http: Http | None = None,
        remaining: Callable[[], float] = lambda: float("inf"),
        caller: Hashable = None,
    ) -> None:
        """Take the site's URL as pasted, the key, and a pool to share; without one, an own pool is made.

        ``remaining`` gives the seconds until nobody waits for an answer any more: nothing is tried again after that.
        ``caller`` is whose connections are counted.

        Raises InvalidSite or InvalidCredential.
        """
        self.site = site_url(str(url))
        self.key = wire.check_key(SecretStr(key) if isinstance(key, str) else key)
        self.tenant = Tenant(self.site, bytes.fromhex(fingerprint(self.key)), caller)
        self._http = http
        self._remaining = remaining
        self._exit = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Open the pool, unless one was given."""
        if self._http is None:
            self._http = await self._exit.enter_async_context(Http())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the pool, unless it was given."""
        await self._exit.aclose()

    async def get(self, endpoint: str, into: type[T], params: wire.Params | None = None) -> T:
        """Read from an endpoint; tried again where that can help, and joined with an identical request in flight.

        Raises any MooPanelError.
        """
        request = wire.request(self.site, self.key, "GET", endpoint, params)
        sharing, key = self._pool().sharing, (request.url, fingerprint(self.key))
        body = await again(
            lambda _: sharing.ask(key, lambda: self._answer(endpoint, request)), read=True, remaining=self._remaining
        )
        return await self._read(endpoint, body, into)

    async def send(
        self,
        method: str,
        endpoint: str,
        into: type[T],
        data: Mapping[str, object],
        params: wire.Params | None = None,
    ) -> T:
        """Have a site do something; not tried again once it may have been done.

        Raises any MooPanelError.
        """
        request = wire.request(self.site, self.key, method, endpoint, params, data)
        body = await again(lambda _: self._answer(endpoint, request), read=False, remaining=self._remaining)
        return await self._read(endpoint, body, into)

    @property
    def proven(self) -> bool:
        """Whether the site has accepted the key before."""
        return self._pool().sites.is_proven(self.tenant)

    def _pool(self) -> Http:
        if self._http is None:
            raise RuntimeError(f"{type(self).__name__} is used outside its 'async with'")
        return self._http

    async def _answer(self, endpoint: str, request: wire.Request) -> bytes:
        """Send one request and decide what comes back."""
        pool = self._pool()
        try:
            async with (
                asyncio.timeout(pool.total_seconds),
                pool.request(
                    request.method, request.url, tenant=self.tenant, headers=request.headers, body=request.body
                ) as response,
            ):
                body = await self._body(response, pool.answers.bytes)
                decide = partial(wire.answer, endpoint, response.status, response.headers, body, self.key)
                known = await pool.beside(body, decide)
        except TimeoutError:
            raise errors.SiteTimeout(f"{self.site.host} took too long to answer {endpoint}.") from None
        pool.sites.prove(self.tenant)
        return known

    async def _read(self, endpoint: str, body: bytes, into: type[T]) -> T:
        """Read an answer, if it is not more than may be taken."""
        pool = self._pool()
        Allowance(pool.answers).take_body(body)
        adapter: TypeAdapter[T] = _adapter(into)  # type: ignore[arg-type] # a type can be hashed
        return await pool.beside(body, partial(wire.read, endpoint, body, adapter, self.key))

    @staticmethod
    async def _body(response: aiohttp.ClientResponse, limit: int) -> bytes:
        """Read an answer up to its limit; of what is no JSON, only enough to tell what it is."""
        body = bytearray()
        try:
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > limit:
                    raise too_large(f"{limit:,} bytes")
                if len(body) >= _CHUNK and not wire.may_be_object(body):
                    break
                await asyncio.sleep(0)  # inflating never waits by itself
            return bytes(body)
        finally:
            body.clear()  # the frames of an error would hold it


@cache
def _adapter(into: Any) -> TypeAdapter[Any]:
    """Build the reader of a type once: it is costly, and it holds no data of any call."""
    return TypeAdapter(into)
