"""Fetching stored files of any size: piece by piece, proven whole, resumed where they broke off."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, AsyncIterator, Hashable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol

import aiohttp
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.files import wire as filewire
from rpc_moodle.moodle.files.url import SCRIPT, file_name, site_of
from rpc_moodle.transport.http import Http, translated
from rpc_moodle.transport.retry import again
from rpc_moodle.transport.tenant import Tenant

BUFFER = 256 * 1024
"""Bytes after which reading ahead pauses; a piece of a file is about twice as long at most."""

_LARGE = 64 * 1024
"""Bytes of a piece whose SHA-1 is worth a thread: for the rest of it hashlib holds up nobody."""

FIRST_PAUSE = 0.25
"""Seconds before an interrupted file is resumed, doubled with each interruption in a row."""

_FAILURES = 4  # interruptions in a row that are forgiven
_PROGRESS = 256 * 1024  # bytes after which the next interruption is the first in a row again
_PASSING = (errors.Unreachable, errors.SiteTimeout, errors.SiteUnavailable)


class Digest(Protocol):
    """A running SHA-1."""

    def update(self, data: bytes, /) -> None:
        """Take more bytes."""

    def hexdigest(self) -> str:
        """Give the SHA-1 so far, in hex."""


def new_digest() -> Digest:
    """Start a SHA-1; it names content as Moodle does, and guards nothing."""
    return hashlib.sha1(usedforsecurity=False)


@dataclass
class Prefix:
    """The first ``size`` bytes of a file that are there already, and their running SHA-1."""

    size: int = 0
    digest: Digest = field(default_factory=new_digest)


@asynccontextmanager
async def open_file(  # noqa: PLR0913 - what a request for a file is made of
    http: Http,
    url: URL,
    token: SecretStr,
    *,
    owner: Hashable = None,
    caller: Hashable = None,
    prefix: Prefix | None = None,
    window: str | None = None,
    if_none_match: str | None = None,
) -> AsyncIterator["RemoteFile"]:
    """Wait for a place at the site, ask for a file and read its headers; its bytes come by ``pieces()``.

    ``url`` is as ``file_url`` gives it. Places are a tenant's first; its transfers of one ``owner`` take turns with
    those of others; ``caller`` is whose connections they count as. With a
    ``prefix`` the rest is asked for; ``file.head.start`` is 0 where the site sends the whole file all the same.
    ``window`` is a Range header to pass on: a part of a file cannot be proven, nor is it resumed.
    ``if_none_match``: an ETag; ``file.head.unchanged`` tells that it is still the file's.

    Raises any MoodleError: an answer that is an error in disguise never becomes a file.
    """
    tenant = Tenant(site_of(url), wire.fingerprint(token), caller)
    async with http.sites.transfer(tenant, owner):
        file = RemoteFile(http, url, token, tenant)
        try:
            await file.connect(prefix or Prefix(), window, if_none_match)
            yield file
        finally:
            await file.close()


class RemoteFile:
    """A file at a site, made by ``open_file``.

    ``name`` is its name in Moodle and ``head`` what the headers say. After the last piece ``received`` counts the
    bytes that came, and ``sha1`` is the whole content's, or None where a part was asked for.
    """

    head: filewire.Head

    def __init__(self, http: Http, url: URL, token: SecretStr, tenant: Tenant) -> None:
        """Take where the file is, the token that opens it, and in whose name it is asked for."""
        self.name = file_name(url)
        self.received = 0
        self.sha1: str | None = None
        self._http = http
        self._url = url
        self._token = token
        self._tenant = tenant
        self._exchange = AsyncExitStack()
        self._digest: Digest | None = None
        self._hashing: asyncio.Future[None] | None = None
        self._failures = 0
        self._failed_at = 0

    @property
    def mimetype(self) -> str:
        """Its type as Moodle lists it, without the charset that the header has (``file.names.2``)."""
        return self.head.mimetype.partition(";")[0].strip()

    async def connect(self, prefix: Prefix, window: str | None, if_none_match: str | None) -> None:
        """Ask for the file and read the headers. Raises any MoodleError."""
        rest = f"bytes={prefix.size}-" if prefix.size else None
        self.head = await again(
            lambda _: self._request(window or rest, if_none_match),
            read=True,
            remaining=lambda: self._http.total_seconds,
        )
        if self.head.unchanged or (window and self.head.partial):
            return
        if self.head.partial and (self.head.start != prefix.size or self.head.sha1 is None):
            # Another range than was asked for, or nothing that could prove the two parts to be of one file.
            self.head = await self._request(None, None)
            if self.head.partial:
                raise errors.Unproven("The site sent a part of the file where the whole was asked for.")
        self._digest = prefix.digest if self.head.start else new_digest()

    async def close(self) -> None:
        """Let the connection go; one with unread bytes is closed."""
        await self._exchange.aclose()

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Give the bytes that come, once; the last piece only when all is proven.

        An interrupted transfer is resumed, or read over again where the site refuses ranges, after a
        look at the ETag.

        Raises Unproven when what came is not the announced file, or the file changed on the way;
        SiteTimeout, Unreachable or BadResponse when the site breaks off again and again; and whatever it
        answers to an attempt to resume.
        """
        if self.head.unchanged:
            return
        held = b""
        known = 0  # bytes to leave out, where the site sends the file from its beginning again
        while True:
            try:
                piece = await self._read()
            except errors.MoodleError as cause:
                await self._hashed()
                known = await self._resume(cause)
                continue
            if not piece:
                break
            fresh, known = piece[known:], max(0, known - len(piece))
            if not fresh:
                continue
            self.received += len(fresh)
            if self.head.length is not None and self.received > self.head.length:
                raise errors.Unproven("The site sent more of the file than it announced.")
            await self._hash(fresh)
            if held:
                yield held
            held = fresh
        await self._hashed()
        self._prove()
        if held:
            yield held

    async def _read(self) -> bytes:
        """Give the next bytes, none at the end. Raises a MoodleError when the answer breaks off."""
        try:
            piece = await self._response.content.readany()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise translated(error, self._url) from None
        if not piece and self.head.length is not None and self.received < self.head.length:
            raise errors.Truncated(f"{self._url.host} broke off in the middle of a file.")
        return piece

    async def _hash(self, piece: bytes) -> None:
        """Begin to take a piece into the SHA-1: a large one beside the loop, while the piece before it is sent."""
        await self._hashed()
        if self._digest is None:
            return
        if len(piece) < _LARGE:
            self._digest.update(piece)
        else:
            self._hashing = asyncio.get_running_loop().run_in_executor(None, self._digest.update, piece)

    async def _hashed(self) -> None:
        """Wait until the SHA-1 holds all that has come."""
        if self._hashing is not None:
            hashing, self._hashing = self._hashing, None
            await hashing

    def _prove(self) -> None:
        if self._digest is None:
            return
        self.sha1 = self._digest.hexdigest()
        if self.head.sha1 not in {None, self.sha1}:
            raise errors.Unproven("What came is not the file that the site announced: its SHA-1 is another.")

    async def _resume(self, cause: errors.MoodleError) -> int:
        """Ask for the rest; give how many bytes of what comes are known. Raises the cause when it is no use."""
        if self._digest is None:
            raise cause
        if self.received - self._failed_at >= _PROGRESS:
            self._failures = 0
        self._failed_at = self.received
        at = self.head.start + self.received
        while True:
            if self._failures >= _FAILURES:
                raise cause
            await asyncio.sleep(FIRST_PAUSE * 2**self._failures)
            self._failures += 1
            try:
                head = await self._request(f"bytes={at}-" if at else None, None)
            except _PASSING as error:
                cause = error
                continue
            if head.etag != self.head.etag or head.size != self.head.size:
                raise errors.Unproven("The file changed at the site while it was being fetched; fetch it again.")
            if head.start not in {0, at}:
                raise errors.Unproven("The site sent another part of the file than was asked for.")
            return at - head.start

    async def _request(self, byte_range: str | None, if_none_match: str | None) -> filewire.Head:
        await self._exchange.aclose()
        headers = filewire.ask(byte_range=byte_range, if_none_match=if_none_match)
        self._response = await self._exchange.enter_async_context(
            self._http.post(
                self._url,
                wire.file_form(self._token),
                headers,
                tenant=self._tenant,
                transfer=True,
                buffer=BUFFER,
                what=SCRIPT,
                attempt=self._failures + 1,
            )
        )
        head = filewire.head(self._response.status, self._response.headers)
        if head is None and byte_range and self._response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            return await self._request(None, None)  # what Moodle itself does (``file.range_past_end``)
        if head is None:
            try:
                filewire.refuse(self._response.status, self._response.headers, await self._beginning(), self._token)
            except errors.MoodleError as error:  # the site's circuit has to learn of it
                await self._exchange.__aexit__(type(error), error, error.__traceback__)
                raise
        self._http.sites.prove(self._tenant)
        return head

    async def _beginning(self) -> bytes:
        """Read as much of an answer as it takes to see what it is."""
        body = bytearray()
        try:
            async for chunk in self._response.content.iter_any():
                body += chunk
                if len(body) >= filewire.MAX_ERROR:
                    break
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise translated(error, self._url) from None
        return bytes(body)
