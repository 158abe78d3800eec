"""A Moodle that lies: the sandbox, whose answers are made wrong in a few places, or replaced."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from rpc_moodle.sandbox import create_app
from rpc_moodle.sandbox.seed import seeded_site, token_value

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 2**70, 10**400, 0.5, 1e300, float("nan"), float("inf")),
    *(
        "",
        "0",
        "abc",
        "-1",
        "1e999",
        "NaN",
        "\ud800",
        "\x00",
        "x" * 10_000,
        "../../etc/passwd",
        "<b>",
        "&#0;",
        "{mlang",
        "٢",
    ),
    *([], {}, [[]], [None], {"": None}, "https://169.254.169.254/latest", "javascript:alert(1)", "http://[::1]/x"),
)


class HostileSite:
    """``random`` decides which answers are changed and how; set it anew for each try."""

    def __init__(self) -> None:
        self.random = Random(0)  # noqa: S311 - no secret comes from it
        self.site = seeded_site(users=20)
        self.url = ""
        self.token = token_value("admin_full")

    def lie(self, value: Any, chance: float) -> Any:
        """The value, each place in it replaced, dropped or doubled by ``chance``."""
        if self.random.random() < chance:
            return self.random.choice(ODD)
        if isinstance(value, dict):
            kept = {key: item for key, item in value.items() if self.random.random() > chance}
            return {key: self.lie(item, chance) for key, item in kept.items()}
        if isinstance(value, list):
            return [self.lie(item, chance) for item in value for _ in range(2 if self.random.random() < chance else 1)]
        return value

    @web.middleware
    async def meddle(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Let the sandbox answer, and change what it says."""
        response: web.StreamResponse = await handler(request)
        if not isinstance(response, web.Response) or response.content_type != "application/json":
            return response
        assert isinstance(response.body, bytes)
        chance = self.random.choice((0, 0, 0.0002, 0.001, 0.005, 0.1))
        text = json.dumps(self.lie(json.loads(response.body), chance))
        if self.random.random() < chance:
            text = text[: self.random.randrange(len(text) + 1)]
        return web.Response(text=text, content_type="application/json", status=response.status)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["HostileSite"]:
        """Serve it on a free port."""
        app = create_app(self.site)
        app.middlewares.append(self.meddle)
        async with TestServer(app) as server:
            self.url = str(server.make_url("/")).rstrip("/")
            yield self
