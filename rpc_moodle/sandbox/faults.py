"""Planned faults: what networks and servers do to a request before or after Moodle has handled it."""

from __future__ import annotations

import asyncio
import math
import socket
import struct
import time
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from aiohttp import web


class Fault(StrEnum):
    """What happens to one request.

    ``…_AFTER`` means that Moodle has done its work and only the answer is lost; it is meant for web service calls, a
    file has been sent by then.
    """

    NONE = "none"
    DELAY = "delay"
    DELAY_AFTER = "delay_after"
    DRIP = "drip"
    DRIP_AFTER = "drip_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    TRUNCATED = "truncated"
    TRUNCATED_AFTER = "truncated_after"
    STATUS = "status"
    STATUS_AFTER = "status_after"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    RATE_LIMITED = "rate_limited"
    HTML = "html"
    HTML_AFTER = "html_after"
    WRONG_TYPE = "wrong_type"
    INVALID_JSON = "invalid_json"
    INVALID_JSON_AFTER = "invalid_json_after"
    DEEP_JSON = "deep_json"
    GZIP_BOMB = "gzip_bomb"
    ENDLESS = "endless"
    REDIRECT_LOOP = "redirect_loop"
    REDIRECT_AWAY = "redirect_away"


@dataclass(frozen=True)
class Harm:
    """A fault with its particulars: each concerns the faults that it is named for, and no other.

    ``seconds``: how long DELAY waits, and DRIP between two bytes. ``status`` and ``retry_after``, in seconds: what
    STATUS answers. ``location``: where REDIRECT_AWAY leads.
    """

    fault: Fault
    seconds: float = 1.0
    status: int = HTTPStatus.SERVICE_UNAVAILABLE
    retry_after: float | None = None
    location: str = "https://elsewhere.invalid/webservice/rest/server.php"

    @property
    def after(self) -> bool:
        """Whether it strikes when Moodle has done its work."""
        return self.fault.endswith("_after")


_PLAIN: Final = {
    Fault.ERROR_BEFORE: Harm(Fault.STATUS, status=500),
    Fault.ERROR_AFTER: Harm(Fault.STATUS_AFTER, status=500),
    Fault.RATE_LIMITED: Harm(Fault.STATUS, status=429, retry_after=7),
}


def harm_of(planned: Fault | Harm) -> Harm:
    """Give a fault its usual particulars, where it comes without any."""
    harm = planned if isinstance(planned, Harm) else Harm(planned)
    return _PLAIN.get(harm.fault, harm)


async def suffer(request: web.Request, harm: Harm, *, answered: bool) -> web.StreamResponse | None:
    """Let the fault happen if its moment has come; ``None`` lets the request go on.

    A hanging request, and one whose answer never ends, is ended by the client or by the server's end.
    """
    if harm.fault in {Fault.NONE, Fault.WRONG_TYPE} or harm.after is not answered:
        return None
    try:
        return await _HARMS[harm.fault.removesuffix("_after").removesuffix("_before")](request, harm)
    except ConnectionError:  # the client has had enough
        return web.Response()


def disguise(harm: Harm, response: web.StreamResponse) -> None:
    """Give a right answer the type of a page, where that is planned."""
    if harm.fault is Fault.WRONG_TYPE:
        response.headers["Content-Type"] = "text/html; charset=utf-8"


async def _delay(request: web.Request, harm: Harm) -> None:
    await _waited(request, harm.seconds)


async def _drip(request: web.Request, harm: Harm) -> web.StreamResponse:
    """Send a byte now and then: no wait for the next one is long, and none is the last."""
    response = await _begun(request)
    while True:
        await response.write(b" ")
        await _waited(request, harm.seconds)


async def _hang(request: web.Request, _harm: Harm) -> web.StreamResponse:
    await _waited(request, math.inf)
    return web.Response()  # which nobody reads any more


async def _cut(request: web.Request, _harm: Harm) -> web.StreamResponse:
    _reset(request)
    return web.Response()


async def _truncated(request: web.Request, _harm: Harm) -> web.StreamResponse:
    response = await _begun(request, {"Content-Length": "1000"})
    _reset(request)
    return response


async def _status(_request: web.Request, harm: Harm) -> web.StreamResponse:
    headers = {} if harm.retry_after is None else {"Retry-After": f"{harm.retry_after:g}"}
    return web.Response(status=harm.status, text="The server cannot answer.", headers=headers)


async def _html(_request: web.Request, _harm: Harm) -> web.StreamResponse:
    text = "<html><body>Please accept the terms of this network.</body></html>"
    return web.Response(text=text, content_type="text/html")


async def _invalid_json(_request: web.Request, _harm: Harm) -> web.StreamResponse:
    return web.Response(text='{"courses":[{"id":2,"fullname":"Pe', content_type="application/json")


async def _deep_json(_request: web.Request, _harm: Harm) -> web.StreamResponse:
    depth = 500_000
    return web.Response(text=f'{{"error":{"[" * depth}{"]" * depth}}}', content_type="application/json")


async def _gzip_bomb(request: web.Request, _harm: Harm) -> web.StreamResponse:
    """Send 4 MB that inflate to 4 GB: one packed mebibyte of spaces, again and again."""
    response = await _begun(request, {"Content-Encoding": "gzip"}, begin=b"")
    pack = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    head = pack.compress(b'{"courses":[') + pack.flush(zlib.Z_FULL_FLUSH)
    mebibyte = pack.compress(b" " * 2**20) + pack.flush(zlib.Z_FULL_FLUSH)
    await response.write(head)
    for _ in range(64):
        await response.write(mebibyte * 64)
    await response.write_eof(pack.flush())
    return response


async def _endless(request: web.Request, _harm: Harm) -> web.StreamResponse:
    response = await _begun(request)
    block = b" " * 2**18
    while True:
        await response.write(block)


async def _redirect_loop(request: web.Request, _harm: Harm) -> web.StreamResponse:
    return web.Response(status=302, headers={"Location": request.path})


async def _redirect_away(_request: web.Request, harm: Harm) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": harm.location})


async def _begun(
    request: web.Request, headers: Mapping[str, str] | None = None, *, begin: bytes = b'{"courses":['
) -> web.StreamResponse:
    """Begin an answer that looks right: JSON, or a stored file where one was asked for."""
    about = {"Content-Type": "application/json"}
    if "/pluginfile.php/" in request.path:
        about = {"Content-Type": "application/pdf", "Content-Disposition": "attachment", "ETag": f'"{"0" * 40}"'}
    response = web.StreamResponse(headers={**about, **(headers or {})})
    await response.prepare(request)
    if begin:
        await response.write(begin)
    return response


async def _waited(request: web.Request, seconds: float) -> None:
    """Wait, but for nobody: a handler goes on when its client has gone."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0 and request.transport is not None:  # noqa: ASYNC110 - aiohttp has no event for it
        await asyncio.sleep(min(left, 0.05))


def _reset(request: web.Request) -> None:
    """End the connection as a crashed server does, with a reset."""
    if request.transport is None:
        return
    sock = request.transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()


_HARMS: Final[Mapping[str, Callable[[web.Request, Harm], Awaitable[web.StreamResponse | None]]]] = {
    "delay": _delay,
    "drip": _drip,
    "hang": _hang,
    "cut": _cut,
    "truncated": _truncated,
    "status": _status,
    "html": _html,
    "invalid_json": _invalid_json,
    "deep_json": _deep_json,
    "gzip_bomb": _gzip_bomb,
    "endless": _endless,
    "redirect_loop": _redirect_loop,
    "redirect_away": _redirect_away,
}
