"""Connections below HTTP: those that ask for nothing end soon, and of a broken request only its kind is logged."""

import asyncio
import logging
import sys
import traceback
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from utils.logs import Seldom

HEAD_SECONDS = 10.0
"""How long a new connection may take to ask for something."""

KEEP_ALIVE_SECONDS = 75.0
"""How long a connection may stay without asking for anything more."""

LINGER_SECONDS = 1.0
"""How long the rest of a request is read and dropped that has been answered already."""

MOST_IDLE = 1000
"""Connections that are asking for nothing; one more ends the one that has done so for longest."""

SERVER_ERROR = 500


class Connections:
    """All connections of a server, and which of them are asking for nothing."""

    def __init__(self) -> None:
        """Start without any."""
        self.log = Seldom("utils.server")
        self._idle: OrderedDict[Connection, None] = OrderedDict()

    def idle(self, connection: "Connection") -> None:
        """Count a connection as idle; the one that has been idle for longest ends where there are too many."""
        self._idle[connection] = None
        if len(self._idle) > MOST_IDLE:
            oldest, _ = self._idle.popitem(last=False)
            oldest.abort()

    def busy(self, connection: "Connection") -> None:
        """Count a connection as idle no more: it asks for something, or has ended."""
        self._idle.pop(connection, None)

    @web.middleware
    async def watch(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Count a connection as busy while its request is being answered."""
        connection = request.protocol
        if not isinstance(connection, Connection):
            return await handler(request)
        connection.asked = True
        self.busy(connection)
        try:
            return await handler(request)
        finally:
            if connection.transport is not None:
                self.idle(connection)


class Connection(web.RequestHandler):
    """One connection; ``parser`` may wrap what reads its WebSocket."""

    def __init__(self, server: Any, connections: Connections, loop: asyncio.AbstractEventLoop) -> None:
        """Take the aiohttp server that answers."""
        quiet = logging.getLogger("utils.server.quiet")
        quiet.setLevel(logging.CRITICAL + 1)  # what it would say is said by handle_error and log_exception below
        super().__init__(
            server,
            loop=loop,
            access_log=None,  # type: ignore[arg-type] # None is taken
            keepalive_timeout=KEEP_ALIVE_SECONDS,
            lingering_time=LINGER_SECONDS,
            logger=quiet,
        )
        self.asked = False
        self.parser: Callable[[Any], Any] | None = None
        self._connections = connections

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Expect a request in a while."""
        super().connection_made(transport)
        self._connections.idle(self)
        asyncio.get_running_loop().call_later(HEAD_SECONDS, self._look)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Take notice of the end."""
        self._connections.busy(self)
        super().connection_lost(exc)
        self.parser = None

    def _look(self) -> None:
        if not self.asked:
            self.abort()

    def abort(self) -> None:
        """End the connection at once, and drop what waits in it."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def set_parser(self, parser: Any, data_received_cb: Callable[[], None] | None = None) -> None:
        """Take what reads the WebSocket from now on."""
        super().set_parser(parser if self.parser is None else self.parser(parser), data_received_cb)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - it may hold what was sent
    ) -> web.StreamResponse:
        """Answer a request that is none, or whose handler has a bug."""
        if status < SERVER_ERROR:
            self._connections.log.info("broken_request", kind=type(exc).__name__, remote=request.remote)
            return super().handle_error(request, status, exc, "This is no request.")
        self._failed(exc, request.remote)
        return super().handle_error(request, status, exc)

    def log_exception(self, *_args: Any, **values: Any) -> None:
        """Log what went wrong outside of a handler."""
        exc = values.get("exc_info")
        if isinstance(exc, HttpProcessingError | web.PayloadAccessError | web.RequestPayloadError):
            self._connections.log.info("broken_request", kind=type(exc).__name__)
        elif isinstance(exc, BaseException):
            self._failed(exc, None)

    def _failed(self, exc: BaseException | None, remote: str | None) -> None:
        if isinstance(exc, ConnectionError):  # whoever has gone is no mistake of the service
            self._connections.log.info("caller_gone", kind=type(exc).__name__, remote=remote)
            return
        # Where it happened, but not its text, which may hold a part of the request.
        where = "".join(traceback.format_tb(exc.__traceback__)) if exc is not None else ""
        structlog.get_logger("utils.server").error(
            "request_failed", kind=type(exc).__name__, remote=remote, traceback=where
        )


class Runner(web.AppRunner):
    """Runs an application on connections of this module."""

    def __init__(self, app: web.Application, connections: Connections, **options: Any) -> None:
        """Take the application, whose middleware :meth:`Connections.watch` is."""
        super().__init__(app, access_log=None, **options)
        self._connections_of_this = connections

    @property
    def server(self) -> Any:
        """Return what makes a connection; aiohttp's own would make its own kind."""
        server = super().server
        if server is None:
            return None
        return lambda: Connection(server, self._connections_of_this, asyncio.get_running_loop())


def allow_descriptors() -> None:
    """Let the process have as many connections as the system allows, where it would have fewer."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else max(soft, 65536), hard))
