"""One site and one token: the client speaks (call, download), an area module knows; nothing is remembered."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, overload

import aiohttp
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.files.remote import RemoteFile, open_file
from rpc_moodle.moodle.files.save import Progress, Saved, save
from rpc_moodle.moodle.files.upload import Upload, multipart
from rpc_moodle.moodle.files.url import bare, file_url, is_of
from rpc_moodle.moodle.models import Stored
from rpc_moodle.moodle.reading import LONG, Reader
from rpc_moodle.transport.address import endpoint, site_url
from rpc_moodle.transport.allowance import Allowance, too_large
from rpc_moodle.transport.http import Body, Http
from rpc_moodle.transport.retry import again
from rpc_moodle.transport.tenant import Tenant

T = TypeVar("T")

_REST, _UPLOAD = "webservice/rest/server.php", "webservice/upload.php"
_CHUNK = 256 * 1024
_SLOWEST = 64 * 1024
"""Bytes in a second that an upload is given time for."""


class MoodleClient:
    """A Moodle site as one token sees it: ``async with MoodleClient(url, token) as moodle: …``.

    What users, assignments and files are is told by the area modules, whose functions take the client.
    Every method raises MoodleError; see ``rpc_moodle.moodle.errors`` for the tree.
    """

    def __init__(  # noqa: PLR0913 - a site, who asks it, and how
        self,
        url: str | URL,
        token: str | SecretStr | None = None,
        *,
        http: Http | None = None,
        language: str | None = None,
        remaining: Callable[[], float] = lambda: float("inf"),
        listed: Callable[[int], Awaitable[None]] | None = None,
        caller: Hashable = None,
    ) -> None:
        """Take the site's URL as pasted, the token, and a pool to share; without one, an own pool is made.

        Without a token only ``script`` can be used, as before a login.
        ``language``, such as ``de``, is the one in which names are wanted; without it, as the site shows them.
        ``remaining`` gives the seconds until nobody waits for an answer any more: nothing is tried again after that.
        ``listed`` is told how many users have come whenever a listing of several requests goes on.
        ``caller`` is whose connections are counted.

        Raises InvalidSite or InvalidCredential.
        """
        self.site = site_url(str(url))
        secret = SecretStr(token) if isinstance(token, str) else token
        self._token = None if secret is None else wire.check_token(secret)
        self.tenant = Tenant(self.site, b"" if secret is None else wire.fingerprint(secret), caller)
        self.language = language
        self._http = http
        self._remaining = remaining
        self.listed = listed
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
    def token(self) -> SecretStr:
        """The token. Raises InvalidCredential where there is none."""
        if self._token is None:
            raise errors.InvalidCredential("This needs an API key, and there is none.")
        return self._token

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
        self,
        function: str,
        params: wire.Params | None = None,
        *,
        fresh: bool = False,
        read: bool | None = None,
        allowance: Allowance | None = None,
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
        allowance: Allowance | None = None,
    ) -> T: ...

    async def call(  # noqa: PLR0913 - what a call is, and how it is made
        self,
        function: str,
        params: wire.Params | None = None,
        *,
        into: Any = object,
        fresh: bool = False,
        read: bool | None = None,
        allowance: Allowance | None = None,
    ) -> Any:
        """Call a web service function and read its answer into a type; without one, into plain JSON values.

        A function that only reads is tried again where that can help (``rpc_moodle.transport.retry``), and
        shares the answer of an identical call in flight unless it must be ``fresh``: not older than the call.
        ``read`` says whether it only reads, where its name does not (``wire.is_read``). ``allowance`` is what
        several calls share, such as the pages of a listing; each other has one of its own.

        Raises any MoodleError.
        """
        form = wire.form(self.token, function, params or {})
        read = wire.is_read(function) if read is None else read
        key = self.site, sha256(form).digest()

        async def ask(number: int) -> bytes:
            answer = partial(self._answer, function, _REST, form, self.token, attempt=number)
            return await (self.http.sharing.ask(key, answer) if read and not fresh else answer())

        body = await again(ask, read=read, remaining=self._remaining)
        return await self._read(function, body, into, allowance)

    async def script(self, path: str, fields: wire.Fields, *, into: Any = object, read: bool = False) -> Any:
        """Post a form to one of the site's own scripts, such as ``login/token.php``, and read its JSON into a type.

        The client's token is not sent. ``read`` says that asking twice is harmless.

        Raises any MoodleError.
        """
        form = wire.encode(fields)
        secret = next((value for _, value in fields if isinstance(value, SecretStr)), SecretStr(""))
        body = await again(
            lambda number: self._answer(path, path, form, secret, attempt=number),
            read=read,
            remaining=self._remaining,
        )
        return await self._read(path, body, into)

    async def upload(self, *files: Upload, itemid: int = 0, folder: str = "/") -> list[Stored]:
        """Put files into a draft area of the account, which a later call names by its ``itemid``; 0 makes a new one.

        They are sent as they are read, whatever their size, and never a second time; the time that a request has grows
        with them. ``folder`` is where in the area they are put.

        Raises any MoodleError; Disconnected also for a file whose size changes on the way; OSError for one that is
        not there, ValueError for pieces whose size is not given.
        """
        headers, body = multipart(wire.file_upload(self.token, itemid, folder), files)
        longer = int(headers["Content-Length"]) / _SLOWEST
        answer = await self._answer(_UPLOAD, _UPLOAD, body, self.token, headers, longer=longer)
        stored: list[Stored] = await self._read(_UPLOAD, answer, list[Stored])
        return stored

    async def _answer(  # noqa: PLR0913 - what a request is made of
        self,
        function: str,
        path: str,
        body: Body,
        secret: SecretStr,
        headers: Mapping[str, str] | None = None,
        *,
        attempt: int = 1,
        longer: float = 0,
    ) -> bytes:
        """Send one request, in which the secret stands, and decide what comes back; it has ``longer`` seconds more."""
        url = endpoint(self.site, path)
        try:
            async with (
                asyncio.timeout(self.http.total_seconds + longer),
                self.http.post(url, body, headers, tenant=self.tenant, what=function, attempt=attempt) as response,
            ):
                found = await self._body(response)
                decide = partial(wire.answer, function, response.status, response.headers, found, secret)
                known = await self._beside(found, decide)
        except TimeoutError:
            raise errors.SiteTimeout(f"{self.site.host} took too long to answer {function}.") from None
        if secret is self._token:
            self.http.sites.prove(self.tenant)
        return known

    async def _body(self, response: aiohttp.ClientResponse) -> bytes:
        """Read an answer up to its limit; of what is no data, only enough to tell what it is."""
        body = bytearray()
        limit = self.http.answers.bytes
        try:
            async for chunk in response.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > limit:
                    raise too_large(f"{limit:,} bytes")
                if len(body) >= _CHUNK and not wire.may_be_data(body):
                    break
                await asyncio.sleep(0)  # inflating never waits by itself
            return bytes(body)
        finally:
            body.clear()  # the frames of an error would hold it

    async def _read(self, function: str, body: bytes, into: Any, allowance: Allowance | None = None) -> Any:
        """Read an answer, if it is not more than may be taken."""
        (allowance or Allowance(self.http.answers)).take_body(body)
        return await self._beside(body, partial(wire.read, function, body, _adapter(into), self.language))

    async def _beside(self, body: bytes, work: Callable[[], T]) -> T:
        """Do what costs time and memory with the length of a body: a long one beside the event loop, few at a time."""
        if len(body) < LONG:
            return work()
        async with self.http.large:
            return await asyncio.to_thread(work)

    async def download(self, url: str, destination: str | Path, *, progress: Progress | None = None) -> Saved:
        """Fetch the file of a ``fileurl`` into ``destination``, proven by its SHA-1, unless it is there unchanged.

        Until it is proven it stands in ``<destination>.part``, which a later run resumes.

        Raises any MoodleError, InvalidSite for a file of another site; and OSError for what the disk refuses.
        """
        address = self._file(url)
        return await save(
            self.http, address, self.token, Path(destination), owner=self, caller=self.tenant.caller, progress=progress
        )

    def open(self, url: str, *, if_none_match: str | None = None) -> AbstractAsyncContextManager[RemoteFile]:
        """Open the file of a ``fileurl``, whose pieces come proven; see ``rpc_moodle.moodle.files.remote.open_file``.

        Raises InvalidSite for a file of another site; any other MoodleError comes when it is entered.
        """
        return open_file(
            self.http,
            self._file(url),
            self.token,
            owner=self,
            caller=self.tenant.caller,
            if_none_match=if_none_match,
        )

    def _file(self, url: str) -> URL:
        address = bare(file_url(url))
        if not is_of(address, self.site):
            raise errors.InvalidSite("The file URL belongs to another site than this one.")
        return address


@cache
def _adapter(into: Any) -> Reader[Any]:
    """Build the reader of a type once: it is costly, and it holds no data of any call."""
    return Reader(into)
