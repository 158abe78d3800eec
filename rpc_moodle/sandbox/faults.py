"""Planned faults: what networks and servers do to a request before or after Moodle has handled it."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import Final

from aiohttp import web


class Fault(StrEnum):
    """What happens to one request.

    ``AFTER`` means that Moodle has done its work and only the answer is lost; it is meant for web service calls, a
    file has been sent by then.
    """

    NONE = "none"
    ERROR_BEFORE = "error_before"
    ERROR_AFTER = "error_after"
    CUT_BEFORE = "cut_before"
    CUT_AFTER = "cut_after"
    HANG_BEFORE = "hang_before"
    HANG_AFTER = "hang_after"
    HTML = "html"
    TRUNCATED = "truncated"
    RATE_LIMITED = "rate_limited"


_AFTER: Final = frozenset({Fault.ERROR_AFTER, Fault.CUT_AFTER, Fault.HANG_AFTER})


async def suffer(request: web.Request, fault: Fault, *, answered: bool) -> web.StreamResponse | None:
    """Let the fault happen if its moment has come; ``None`` lets the request go on.

    A hanging request never returns; the client's or the server's end cancels it.
    """
    if fault is Fault.NONE or (fault in _AFTER) is not answered:
        return None
    if fault in {Fault.HANG_BEFORE, Fault.HANG_AFTER}:
        await asyncio.Event().wait()
    if fault in {Fault.ERROR_BEFORE, Fault.ERROR_AFTER}:
        return web.Response(status=500, text="Internal Server Error")
    if fault is Fault.HTML:
        return web.Response(
            text="<html><body>Please accept the terms of this network.</body></html>", content_type="text/html"
        )
    if fault is Fault.RATE_LIMITED:
        return web.Response(status=429, text="Too Many Requests", headers={"Retry-After": "7"})
    response = web.StreamResponse()
    if fault is Fault.TRUNCATED:
        response.content_length = 1000
        await response.prepare(request)
        await response.write(b'{"courses":[')
    if request.transport is not None:
        request.transport.abort()
    return response
