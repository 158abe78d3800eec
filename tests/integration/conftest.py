import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.settings import Settings
from utils.logs import configure
from utils.testing import running

Logs = Callable[[Settings], io.StringIO]


@pytest.fixture
def logs() -> Iterator[Logs]:
    """Collects the logs of the whole process, under settings of the test's choice."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []  # else they are closed

    def collect(settings: Settings) -> io.StringIO:
        stream = io.StringIO()
        configure(settings, stream=stream)
        return stream

    yield collect
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as site:
        yield site


@pytest.fixture
async def service(logs: Logs) -> AsyncIterator[str]:
    """The URL of a service on a free port."""
    settings = Settings()
    logs(settings)
    async with running(create_app(settings)) as url:
        yield url


@pytest.fixture
async def html_site() -> AsyncIterator[str]:
    """The URL of a site that answers everything with a page."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<!DOCTYPE html><title>Log in</title>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", page)
    async with TestServer(app) as server:
        yield str(server.make_url("/"))
