"""Files and archives over plain HTTP, for whoever holds a ticket; on the same port as the sockets."""

import asyncio
import re
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import StreamWriter

from rpc_moodle import errors as codes
from rpc_moodle.downloads.archive import Archive
from rpc_moodle.downloads.links import ArchiveLinks, FileLinks
from rpc_moodle.downloads.names import safe_name
from rpc_moodle.downloads.tree import submitted_files
from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.files.remote import RemoteFile, open_file
from rpc_moodle.moodle.files.wire import one_range
from utils.contract import failure
from utils.errors import INTERNAL, INVALID_REQUEST, RATE_LIMITED, TIMEOUT, ErrorCode, RpcError

MISSING = "X-Archive-Missing"
"""HTTP trailer of an archive: how many files could not be fetched; the entry ``_errors.txt`` names them."""

STATUS: dict[ErrorCode, HTTPStatus] = {
    INVALID_REQUEST: HTTPStatus.BAD_REQUEST,
    codes.INVALID_TOKEN: HTTPStatus.FORBIDDEN,
    codes.ACCESS_DENIED: HTTPStatus.FORBIDDEN,
    codes.HOST_NOT_ALLOWED: HTTPStatus.FORBIDDEN,
    codes.NOT_FOUND: HTTPStatus.NOT_FOUND,
    RATE_LIMITED: HTTPStatus.TOO_MANY_REQUESTS,
    codes.MOODLE_ERROR: HTTPStatus.BAD_GATEWAY,
    codes.BAD_RESPONSE: HTTPStatus.BAD_GATEWAY,
    codes.UNREACHABLE: HTTPStatus.BAD_GATEWAY,
    codes.SITE_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    TIMEOUT: HTTPStatus.GATEWAY_TIMEOUT,
}
"""The HTTP status of each error that can come before the first byte; 500 for any other."""

_GUARD = {"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache"}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(
    app: web.Application, http: Http, files: FileLinks, archives: ArchiveLinks, *, patience: float = 60
) -> None:
    """Add ``/files/{ticket}`` and ``/archives/{ticket}``, GET and HEAD, to an application.

    ``patience`` is for how many seconds a client may read nothing before its download is ended.
    """
    routes = _Routes(http, files, archives, patience)
    app.router.add_get("/files/{ticket}", routes.answering(routes.file))
    app.router.add_get("/archives/{ticket}", routes.answering(routes.archive))


class _Routes:
    def __init__(self, http: Http, files: FileLinks, archives: ArchiveLinks, patience: float) -> None:
        self._http = http
        self._files = files
        self._archives = archives
        self._patience = patience
        self._log = structlog.get_logger("rpc_moodle.downloads.routes")

    async def file(self, request: web.Request) -> web.StreamResponse:
        """Stream one file: Range and If-None-Match go to Moodle; the last bytes go out only when all is proven."""
        access = self._files.open_ticket(request.match_info["ticket"])
        unless, same = request.headers.get("If-None-Match"), request.headers.get("If-Range")
        window = one_range(request.headers.get("Range"))
        owner = object()
        while True:
            async with open_file(
                self._http,
                access.url,
                access.token,
                owner=owner,
                caller=request.remote,
                window=window,
                if_none_match=unless,
            ) as file:
                if file.head.partial and same not in {None, file.head.etag}:
                    window = None  # the client's part is of another version: it needs the whole
                    continue
                response = web.StreamResponse(status=_status(file), headers=_headers(file))
                response.content_length = file.head.length
                await response.prepare(request)
                if request.method != "HEAD":
                    await self._send("file", request, response, file.pieces())
                return response

    async def archive(self, request: web.Request) -> web.StreamResponse:
        """Stream all submitted files of an assignment as a ZIP."""
        access = self._archives.open(request.match_info["ticket"])
        async with MoodleClient(access.site, access.token, http=self._http, caller=request.remote) as moodle:
            files = await submitted_files(moodle, access.course_id, access.cmid)
        headers = {
            "Content-Type": "application/zip",
            "Content-Disposition": disposition(f"assignment_{access.cmid}.zip"),
            "X-Archive-Files": str(len(files)),
            "Trailer": MISSING,
        }
        response = web.StreamResponse(headers={**headers, **_GUARD})
        writer = await response.prepare(request)
        if request.method != "HEAD":
            archive = Archive(self._http, access.token, files, owner=object(), caller=request.remote)
            if await self._send("archive", request, response, archive.chunks()):
                await _end(response, writer, str(len(archive.failed)))
        return response

    async def _send(
        self, route: str, request: web.Request, response: web.StreamResponse, pieces: AsyncGenerator[bytes, None]
    ) -> bool:
        """Send a body; one that cannot be ended well is broken off, so that nobody takes it for whole."""
        started, sent, outcome = time.monotonic(), 0, "cancelled"
        try:
            async with aclosing(pieces) as source:
                async for piece in source:
                    async with asyncio.timeout(self._patience):
                        await response.write(piece)
                    sent += len(piece)
            outcome = "ok"
        except ConnectionError:
            outcome = "client_gone"
        except TimeoutError:
            outcome = "client_stalled"
        except Exception as error:  # noqa: BLE001 - the status has gone out; the log is the only place left
            known = codes.translate(error)
            outcome = known.code.name if known else INTERNAL.name
            if known is None:
                self._log.error("internal_error", exc_info=error)
        finally:
            if outcome != "ok" and request.transport is not None:
                request.transport.abort()
            duration = round((time.monotonic() - started) * 1000, 1)
            self._log.info("download", route=route, outcome=outcome, bytes=sent, duration_ms=duration)
        return outcome == "ok"

    def answering(self, handle: Handler) -> Handler:
        """Turn an error before the first byte into a status and the envelope of a failed call."""

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return await handle(request)
            except ConnectionError:
                return web.Response()  # to nobody
            except Exception as error:  # noqa: BLE001 - this is where every exception becomes an answer
                known = error if isinstance(error, RpcError) else codes.translate(error)
                if known is None:
                    number = secrets.token_hex(6)
                    self._log.error("internal_error", call_id=number, exc_info=error)
                    known = RpcError(INTERNAL, f"The service made a mistake; its log says more about {number}.")
            status = STATUS.get(known.code, HTTPStatus.INTERNAL_SERVER_ERROR)
            self._log.info("download", outcome=known.code.name, status=status.value)
            wait = known.details.get("retryAfter")
            headers = {"Retry-After": f"{wait:.0f}"} if isinstance(wait, int | float) else {}
            return web.json_response(dict(failure(known)), status=status, headers={**headers, **_GUARD})

        return answer


def _status(file: RemoteFile) -> HTTPStatus:
    if file.head.unchanged:
        return HTTPStatus.NOT_MODIFIED
    return HTTPStatus.PARTIAL_CONTENT if file.head.partial else HTTPStatus.OK


def _headers(file: RemoteFile) -> dict[str, str]:
    head = file.head
    headers = {"ETag": head.etag, "Content-Disposition": disposition(file.name), **_GUARD}
    if head.modified:
        headers["Last-Modified"] = head.modified
    if not head.unchanged:
        headers["Content-Type"] = head.mimetype
        headers["Accept-Ranges"] = "bytes" if head.ranges else "none"
    if head.partial and head.length is not None:
        headers["Content-Range"] = f"bytes {head.start}-{head.start + head.length - 1}/{head.size}"
    return headers


def disposition(name: str) -> str:
    """Write the Content-Disposition that saves a file under its real name (RFC 6266), or a plain one in old clients."""
    plain = re.sub(r"[^ -~]|%", "_", safe_name(name))
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"


async def _end(response: web.StreamResponse, writer: AbstractStreamWriter | None, missing: str) -> None:
    """End a chunked body with the trailer, which aiohttp knows nothing of: it then has no last chunk to write."""
    if isinstance(writer, StreamWriter) and writer.chunked:
        writer.chunked = False
        await writer.write(f"0\r\n{MISSING}: {missing}\r\n\r\n".encode())
    await response.write_eof()
