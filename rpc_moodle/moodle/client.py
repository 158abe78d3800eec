"""One site and one token: the client speaks (call, download), an area module knows; nothing is remembered."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, Self, TypeVar, get_origin, overload

import aiohttp
from pydantic import Field, SecretStr, TypeAdapter
from yarl import URL

from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.files.save import Progress, Saved, save
from rpc_moodle.moodle.files.url import bare, file_url, is_of
from rpc_moodle.transport.address import endpoint, site_url
from rpc_moodle.transport.http import Http
from rpc_moodle.transport.retry import again

T = TypeVar("T")

_CHUNK = 256 * 1024
MAX_ANSWER = 64 * 1024 * 1024
"""Bytes that the answer to one call may have; 50,000 users need a fifth of it (``users.course.userfields``)."""


class MoodleClient:
    """A Moodle site as one token sees it: ``async with MoodleClient(url, token) as moodle: …``.

    What users, assignments and files are is told by the area modules, whose functions take the client.
    Every method raises MoodleError; see ``rpc_moodle.moodle.errors`` for the tree.
    """

    def __init__(
        self,
        url: str | URL,
        token: str | SecretStr,
        *,
        http: Http | None = None,
        language: str | None = None,
        remaining: Callable[[], float] = lambda: float("inf"),
    ) -> None:
        """Take the site's URL as pasted, the token, and a pool to share; without one, an own pool is made.

        ``language``, such as ``de``, is the one in which names are wanted; without it, as the site shows them.
        ``remaining`` gives the seconds until nobody waits for an answer any more: nothing is tried again after that.

        Raises InvalidSite or InvalidCredential.
        """
        self.site = site_url(str(url))
        self.token = wire.check_token(SecretStr(token) if isinstance(token, str) else token)
        self.language = language
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

    @property
    def http(self) -> Http:
        """The pool of connections that this one uses."""
        if self._http is None:
            raise RuntimeError(f"{type(self).__name__} is used outside its 'async with'")
        return self._http

    @property
    def naming(self) -> wire.Params:
        """The settings of a call whose answer holds names: filtered by the site, or with the markup of all languages.

        A site filters into languages that are installed there alone, and joins all of them where its filter is off;
        so where a language is asked for, the markup is taken as it is and read by ``rpc_moodle.moodle.text``.
        """
        return {"moodlewssettingfilter": True} if self.language is None else {"moodlewssettingraw": True}

    @overload
    async def call(
        self, function: str, params: wire.Params | None = None, *, fresh: bool = False, read: bool | None = None
    ) -> Any: ...
    @overload
    async def call(
        self,
        function: str,
        params: wire.Params | None = None,
        *,
        into: type[T],
        fresh: bool = False,
        read: bool | None = None,
    ) -> T: ...

    async def call(
        self,
        function: str,
        params: wire.Params | None = None,
        *,
        into: Any = object,
        fresh: bool = False,
        read: bool | None = None,
    ) -> Any:
        """Call a web service function and read its answer into a type; without one, into plain JSON values.

        A function that only reads is tried again where that can help (``rpc_moodle.transport.retry``), and
        shares the answer of an identical call in flight unless it must be ``fresh``: not older than the call.
        ``read`` says whether it only reads, where its name does not (``wire.is_read``).

        Raises any MoodleError.
        """
        form = wire.form(self.token, function, params or {})
        read = wire.is_read(function) if read is None else read
        body = b""
        async for attempt in again(read=read, remaining=self._remaining):
            with attempt:
                if read and not fresh:
                    key = self.site, sha256(form).digest()
                    body = await self.http.sharing.ask(key, lambda: self._answer(function, form))
                else:
                    body = await self._answer(function, form)
        return wire.read(function, body, _adapter(into))

    async def _answer(self, function: str, form: bytes) -> bytes:
        """Send one request and decide what comes back."""
        url = endpoint(self.site, "webservice/rest/server.php")
        try:
            async with asyncio.timeout(self.http.total_seconds), self.http.post(url, form) as response:
                body = await self._body(function, response)
                return wire.answer(function, response.status, response.headers, body, self.token)
        except TimeoutError:
            raise errors.SiteTimeout(f"{self.site.host} took too long to answer {function}.") from None

    @staticmethod
    async def _body(function: str, response: aiohttp.ClientResponse) -> bytes:
        """Read an answer up to its limit; of what is no JSON, only enough to tell what it is."""
        body = bytearray()
        try:
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > MAX_ANSWER:
                    raise errors.BadResponse(
                        f"The site's answer to {function} is over {MAX_ANSWER >> 20} MiB; it was dropped."
                    )
                if len(body) >= _CHUNK and not wire.may_be_json(body):
                    break
                await asyncio.sleep(0)  # inflating never waits by itself
            return bytes(body)
        finally:
            body.clear()  # the frames of an error would hold it

    async def download(self, url: str, destination: str | Path, *, progress: Progress | None = None) -> Saved:
        """Fetch the file of a ``fileurl`` into ``destination``, proven by its SHA-1, unless it is there unchanged.

        Until it is proven it stands in ``<destination>.part``, which a later run resumes.

        Raises any MoodleError, InvalidSite for a file of another site; and OSError for what the disk refuses.
        """
        address = bare(file_url(url))
        if not is_of(address, self.site):
            raise errors.InvalidSite("The file URL belongs to another site than this one.")
        return await save(self.http, address, self.token, Path(destination), owner=self, progress=progress)


@cache
def _adapter(into: Any) -> TypeAdapter[Any]:
    """Build the reader of a type once: it is costly, and it holds no data of any call."""
    return TypeAdapter(Annotated[into, Field(fail_fast=True)] if get_origin(into) is list else into)
