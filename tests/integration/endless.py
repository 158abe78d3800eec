"""A site that has one file without end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.test_utils import TestServer


class EndlessSite:
    """Sends a terabyte, and notices when nobody reads it any more."""

    def __init__(self) -> None:
        self.sent = 0
        self.started = asyncio.Event()
        self.ended = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"ETag": f'"{"a" * 40}"', "Content-Type": "video/mp4"})
        response.content_length = 1024**4
        await response.prepare(request)
        try:
            while True:
                await response.write(bytes(256 * 1024))
                self.sent += 256 * 1024
                self.started.set()
        finally:
            self.ended.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_post("/webservice/pluginfile.php/{path:.*}", self.handle)
        async with TestServer(app) as server:
            yield str(server.make_url("/webservice/pluginfile.php/1/a/b/2/film.mp4"))
