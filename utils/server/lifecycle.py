"""Making the server's application, listening, and stopping without losing a reply."""

import asyncio
import gc
import signal
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client.registry import Collector

from utils.auth import Gate, is_open
from utils.dispatch import Dispatcher
from utils.health import Check, Health
from utils.metrics import Metrics
from utils.server.connections import Connections, Runner, allow_descriptors
from utils.server.forwarded import forwarding
from utils.server.sockets import SocketServer
from utils.settings import KitSettings
from utils.watchdog import Watchdog

SOCKETS = web.AppKey("SOCKETS", SocketServer)
CONNECTIONS = web.AppKey("CONNECTIONS", Connections)
WATCHDOG = web.AppKey("WATCHDOG", Watchdog)

CLOSE_SECONDS = 5.0
"""How long HTTP responses and closing WebSockets may take once all calls are answered."""


def create_server(
    dispatcher: Dispatcher,
    settings: KitSettings,
    *,
    checks: Mapping[str, Check] | None = None,
    collectors: Iterable[Collector] = (),
) -> web.Application:
    """Make an application with Socket.IO at ``/socket.io/``, ``/healthz``, ``/readyz`` and ``/metrics``.

    Routes may be added to it. ``checks`` are the details of ``/readyz``, see :class:`utils.health.Health`;
    ``collectors`` add to ``/metrics``, see :class:`utils.metrics.Metrics`.
    """
    connections = Connections()
    proxies = [forwarding(settings.trusted_proxies)] if settings.trusted_proxies else []
    app = web.Application(middlewares=[*proxies, connections.watch])
    app[CONNECTIONS] = connections
    gate = Gate(settings.auth_tokens)
    sockets = SocketServer(dispatcher, settings, gate)
    sockets.attach(app, socketio_path=settings.socketio_path.strip("/"))
    app[SOCKETS] = sockets
    Health(dispatcher, checks, gate=gate).add_routes(app)
    metrics, watchdog = Metrics(collectors), Watchdog()
    metrics.watch("rpc_calls_running", "Calls at work.", lambda: dispatcher.running)
    metrics.watch("rpc_sockets", "Open sockets.", lambda: sockets.count)
    metrics.watch("rpc_loop_longest_block_seconds", "Longest block of the event loop.", lambda: watchdog.longest)
    metrics.watch("rpc_strangers", "Open sockets that have shown no token.", lambda: sockets.door.limits.strangers)
    metrics.watch("rpc_wrong_tokens", "Wrong tokens that were shown so far.", lambda: gate.guesses.total)
    metrics.watch("rpc_incoming_bytes", "Payloads of running calls, in bytes.", lambda: sockets.door.incoming.taken)
    metrics.watch("rpc_unread_bytes", "Bytes that wait for callers to read.", lambda: sockets.eio.waiting.bytes)
    metrics.add_routes(app, gate)
    dispatcher.observers.append(metrics.observe)

    async def watched(_app: web.Application) -> AsyncIterator[None]:
        async with watchdog.watching():
            yield

    app[WATCHDOG] = watchdog
    app.cleanup_ctx.append(watched)
    return app


@asynccontextmanager
async def listening(
    app: web.Application, *, host: str, port: int, shutdown_seconds: float = 20.0
) -> AsyncIterator[str]:
    """Serve an application made by :func:`create_server`; yields its URL.

    On leaving: new calls are refused, running ones get ``shutdown_seconds`` to finish and the rest is answered with a
    retryable error, all while the port still listens; then replies are flushed and sockets closed.
    Raises OSError when the port cannot be had.
    """
    # No access log: paths and queries may hold tickets.
    runner = Runner(app, app[CONNECTIONS], shutdown_timeout=CLOSE_SECONDS)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield f"http://{f'[{host}]' if ':' in host else host}:{runner.addresses[0][1]}"
    finally:
        await app[SOCKETS].stop(shutdown_seconds)
        await runner.cleanup()


def settle() -> None:
    """Look for garbage more seldom, and never again among what a start has made.

    A reply of thousands of rows has the interpreter walk through all objects of the process again and again otherwise:
    a quarter of the time of a call, and 40 ms in which nobody is served. Few objects are
    looked at a time: with 50,000 and twenty times as many, calls of thousands of rows side by side halted for 200 ms.
    """
    gc.freeze()
    gc.set_threshold(20_000, 5, 100)


async def serve(app: web.Application, settings: KitSettings) -> None:
    """Serve until SIGTERM or SIGINT, then stop as :func:`listening` does; raises OSError when the port is taken."""
    log = structlog.get_logger("utils.server")
    allow_descriptors()
    loop = asyncio.get_running_loop()
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_stop.set)
    try:
        async with listening(
            app, host=settings.host, port=settings.port, shutdown_seconds=settings.shutdown_seconds
        ) as url:
            settle()
            log.info("listening", url=url)
            if not settings.auth_tokens:
                who = "Anyone who reaches this address" if is_open(settings) else "Any program on this machine"
                name = f"{settings.model_config.get('env_prefix', '')}AUTH_TOKENS"
                log.warning("authentication_off", hint=f"{who} can call; {name} names the tokens to ask for.")
            await told_to_stop.wait()
            log.info("stopping")
        log.info("stopped")
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
