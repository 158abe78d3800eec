"""A Moodle site of an attacker's own, which answers whatever does most harm."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


class HostileSite:
    """``answers`` says by path what is done with a request; any other hangs until it is let go."""

    def __init__(self) -> None:
        self.url = ""
        self.answers: dict[str, Answer] = {}
        self.requests = 0
        self._hanging = asyncio.Event()

    def let_go(self) -> None:
        """End all that hangs."""
        self._hanging.set()
        self._hanging = asyncio.Event()

    async def hang(self) -> None:
        """Wait until it is let go."""
        await self._hanging.wait()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer a request."""
        self.requests += 1
        for ending, answer in self.answers.items():
            if request.path.endswith(ending):
                return await answer(request)
        await self.hang()
        return web.Response(status=503)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["HostileSite"]:
        """Serve it on a free port."""
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self.answer)
        async with TestServer(app) as server:
            self.url = str(server.make_url("/")).rstrip("/")
            yield self
            self.let_go()


async def endless(request: web.Request, start: bytes, piece: bytes, pieces: int) -> web.StreamResponse:
    """Answer with a start and so many pieces."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    with suppress(ConnectionError):  # the service has had enough
        await response.write(start)
        for _ in range(pieces):
            await response.write(piece)
    return response
