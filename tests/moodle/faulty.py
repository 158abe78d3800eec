"""A site that serves one file as Moodle does, except for what a test plans to go wrong."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.moodle.files.url import file_url

TOKEN = SecretStr("0123456789abcdef0123456789abcdef")
Step = Callable[["FaultySite", web.Request], Awaitable[web.StreamResponse]]


@dataclass
class FaultySite:
    """``plan`` holds what happens to the next requests, one step each; then the file is served as it should be."""

    content: bytes = field(default=bytes(range(256)) * 40_000, repr=False)  # pytest writes what a fixture gives
    mimetype: str = "application/pdf"
    ranges: bool = True
    etag: str = ""
    extra: dict[str, str] = field(default_factory=dict)
    plan: list[Step] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    base: str = ""

    @property
    def url(self) -> URL:
        return file_url(f"{self.base}/webservice/pluginfile.php/5/assignsubmission_file/submission_files/1/essay.pdf")

    @property
    def sha1(self) -> str:
        return hashlib.sha1(self.content, usedforsecurity=False).hexdigest()

    def headers(self) -> dict[str, str]:
        return {
            "Content-Type": self.mimetype,
            "Content-Disposition": 'attachment; filename="essay.pdf"',
            "Accept-Ranges": "bytes" if self.ranges else "none",
            "ETag": self.etag or f'"{self.sha1}"',
            **self.extra,
        }

    def window(self, request: web.Request) -> tuple[int, int] | None:
        asked = request.headers.get("Range", "")
        if not asked or not self.ranges:
            return None
        first, _, last = asked.removeprefix("bytes=").partition("-")
        start, stop = int(first), int(last) + 1 if last else len(self.content)
        return None if start >= len(self.content) else (start, stop)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        assert form["token"] == TOKEN.get_secret_value()
        assert request.headers["Accept-Encoding"] == "identity"
        self.asked.append(request.headers.get("Range", "") or request.headers.get("If-None-Match", ""))
        if self.plan:
            return await self.plan.pop(0)(self, request)
        return await whole(self, request)


async def whole(site: FaultySite, request: web.Request) -> web.StreamResponse:
    if request.headers.get("If-None-Match") == f'"{site.sha1}"':
        return web.Response(status=304, headers={"ETag": f'"{site.sha1}"'})
    return await _send(site, request, len(site.content))


def cut(after: int) -> Step:
    """Break off after so many bytes of the body."""

    async def step(site: FaultySite, request: web.Request) -> web.StreamResponse:
        return await _send(site, request, after)

    return step


async def chunked_body(site: FaultySite, request: web.Request) -> web.StreamResponse:
    """Send the file without saying how long it is."""
    response = web.StreamResponse(headers=site.headers())
    await response.prepare(request)
    await response.write(site.content)
    await response.write_eof()
    return response


def announcing(size: int) -> Step:
    """Announce a file of that size, and send the beginning of it."""

    async def step(site: FaultySite, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=site.headers())
        response.content_length = size
        await response.prepare(request)
        await response.write(site.content)
        await asyncio.Event().wait()
        return response

    return step


def corrupted(site_content: bytes) -> Step:
    """Announce the file and send other bytes of the same number."""

    async def step(site: FaultySite, request: web.Request) -> web.StreamResponse:
        return web.Response(body=site_content, headers=site.headers())

    return step


def answer(status: int, body: bytes | str, **headers: str) -> Step:
    async def step(site: FaultySite, request: web.Request) -> web.StreamResponse:
        payload = body.encode() if isinstance(body, str) else body
        return web.Response(status=status, body=payload, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return step


def moodle_error(errorcode: str, status: int = 200) -> Step:
    body = {"error": "…", "errorcode": errorcode, "stacktrace": None, "debuginfo": None, "reproductionlink": None}
    return answer(status, json.dumps(body), Content_Type="application/json; charset=utf-8")


async def hang_up(site: FaultySite, request: web.Request) -> web.StreamResponse:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


def then_changes(step: Step, content: bytes) -> Step:
    """Do the step; afterwards the file is another."""

    async def changing(site: FaultySite, request: web.Request) -> web.StreamResponse:
        response = await step(site, request)
        site.content = content
        return response

    return changing


async def _send(site: FaultySite, request: web.Request, limit: int) -> web.StreamResponse:
    part = site.window(request)
    start, stop = part or (0, len(site.content))
    headers = site.headers()
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(site.content)}"
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    await response.write(site.content[start : min(stop, start + limit)])
    if limit < stop - start:
        assert request.transport is not None
        request.transport.close()
        return response
    await response.write_eof()
    return response


@asynccontextmanager
async def serving(site: FaultySite) -> AsyncIterator[FaultySite]:
    app = web.Application()
    app.router.add_post("/webservice/pluginfile.php/{path:.*}", site.handle)
    async with TestServer(app) as server:
        site.base = str(server.make_url("")).rstrip("/")
        yield site
