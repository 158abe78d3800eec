"""Two routes for whoever supervises the process: is it alive, and should it get calls."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
from aiohttp import web

from utils.auth import Gate, bearer
from utils.dispatch import Dispatcher

Check = Callable[[], Awaitable[Mapping[str, object]]]

CHECK_SECONDS = 2.0
"""A check that takes longer counts as failed: supervisors give up after a few seconds."""


class Health:
    """Answers ``/healthz`` (200 as long as the event loop turns) and ``/readyz``.

    ``/readyz`` is 503 while the service is stopping or when a check raises; its JSON holds what each check returned:
    ``{status: "ready" | "stopping" | "failing", running, checks: {name: details}}``. Where callers have to show a
    token, those without one as ``Authorization: Bearer …`` are told the status alone.
    """

    def __init__(
        self, dispatcher: Dispatcher, checks: Mapping[str, Check] | None = None, *, gate: Gate | None = None
    ) -> None:
        """Take ``checks`` by name: async functions that return JSON details, or raise when calls cannot work."""
        self._dispatcher = dispatcher
        self._gate = gate or Gate()
        self._checks = dict(checks or {})
        self._log = structlog.get_logger("utils.health")

    def add_routes(self, app: web.Application) -> None:
        """Attach both routes to an application."""
        app.router.add_get("/healthz", self._alive)
        app.router.add_get("/readyz", self._ready)

    async def _alive(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def _ready(self, request: web.Request) -> web.Response:
        outcomes = await asyncio.gather(*(self._run(name, check) for name, check in self._checks.items()))
        healthy = all(ok for ok, _ in outcomes)
        status = "stopping" if self._dispatcher.draining else "ready" if healthy else "failing"
        body: dict[str, object] = {"status": status}
        if await self._gate.lets_in(request.remote, bearer(request.headers.get("Authorization"))):
            body["running"] = self._dispatcher.running
            body["checks"] = {name: details for name, (_, details) in zip(self._checks, outcomes, strict=True)}
        return web.json_response(body, status=200 if status == "ready" else 503)

    async def _run(self, name: str, check: Check) -> tuple[bool, Mapping[str, object]]:
        try:
            async with asyncio.timeout(CHECK_SECONDS):
                return True, await check()
        except Exception as error:  # noqa: BLE001 - whatever a check raises means that it failed
            self._log.warning("check_failed", check=name, exc_info=error)
            return False, {"error": type(error).__name__}
