"""The HTTP side of the plugin: which endpoint answers, in which order it refuses."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiohttp import web

from rpc_moodle.sandbox.moopanel import changing, cron, looking
from rpc_moodle.sandbox.moopanel.base import Asked, ErrorPage, Refusal
from rpc_moodle.sandbox.moopanel.panel import Panel

SCRIPT: Final = "/local/moopanel/server.php"
SETTINGS: Final = "/__moopanel"
_PAGE: Final = "<!DOCTYPE html>\n\n<html><head>\n    <title>Error | ref44</title>\n</head></html>"

Endpoint = Callable[[Asked], dict[str, Any] | tuple[int, dict[str, Any]]]
_ENDPOINTS: Final[Mapping[str, tuple[frozenset[str], Endpoint]]] = {
    "test_connection": (frozenset({"GET"}), looking.connection),
    "dashboard": (frozenset({"GET"}), looking.dashboard),
    "api_key_status": (frozenset({"GET", "POST"}), looking.key_status),
    "users": (frozenset({"GET", "POST"}), looking.users),
    "user": (frozenset({"GET", "POST"}), looking.user),
    "plugins": (frozenset({"GET", "POST"}), changing.plugins),
    "plugin": (frozenset({"GET", "POST"}), looking.plugin),
    "moodle_core": (frozenset({"GET", "POST"}), changing.core),
    "admin_presets": (frozenset({"GET"}), changing.admin_presets),
    "tasks": (frozenset({"GET"}), looking.tasks),
    "courses": (frozenset({"GET"}), looking.courses),
    "backups": (frozenset({"GET", "POST", "PUT", "DELETE"}), changing.backups),
}


def function_of(path: str) -> str:
    """Name what a request asks the plugin for, such as ``moopanel/users``; empty for any other path."""
    return f"moopanel{path.removeprefix(SCRIPT)}" if path.startswith(SCRIPT) else ""


async def answer(panel: Panel, site: str, request: web.Request) -> web.Response:
    """Answer a request to the plugin: whether it is switched on counts before the key, the key before the rest."""
    try:
        status, body = await _answered(panel, site, request)
    except Refusal as refusal:
        status, body = refusal.status, {"error": str(refusal)}
        if status == 555:  # noqa: PLR2004 - the plugin's own
            body = {
                "code": 0,
                "message": str(refusal),
                "file": "/var/www/moodle/lib/dml.php",
                "line": 494,
                "trace": "#0",
            }
    except ErrorPage:
        return web.Response(status=404, text=_PAGE, content_type="text/html")
    if request.method == "HEAD":
        return web.Response(status=status, content_type="application/json")
    cron.start(panel)
    return web.Response(status=status, text=json.dumps(body), content_type="application/json")


async def _answered(panel: Panel, site: str, request: web.Request) -> tuple[int, dict[str, Any]]:
    if not panel.enabled:
        raise Refusal(423, "API is disabled.")
    key = request.headers.get("X-API-KEY", "")
    if not key:
        raise Refusal(401, "Authorization key required.")
    if not _loosely_equal(key, panel.api_key):
        raise Refusal(401, "Authorization failed.")
    name, slash, rest = (request.path.removeprefix(SCRIPT) or "/test_connection")[1:].partition("/")
    if name not in _ENDPOINTS:
        raise Refusal(404, f"Endpoint 'local_moopanel\\endpoints\\{name}' not found.")
    methods, endpoint = _ENDPOINTS[name]
    if request.method not in methods:
        raise Refusal(405, "Method not allowed.")
    if any("[" in each for each in request.query):
        raise ErrorPage  # PHP makes a list of it
    url = str(request.url.origin())
    asked = Asked(panel, site, url, request.method, slash + rest, dict(request.query), await _data(request))
    result = endpoint(asked)
    return result if isinstance(result, tuple) else (200, result)


async def _data(request: web.Request) -> dict[str, Any] | None:
    """Read what is in the wrapper ``data``; None for any other body."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        return None
    data = body.get("data") if isinstance(body, dict) else None
    return data if isinstance(data, dict) else None


def _loosely_equal(one: str, other: str) -> bool:
    """Compare as PHP's ``==`` does: two texts that look like numbers are numbers (``auth_loose_compare``)."""
    number = r"\s*[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?\s*"
    if re.fullmatch(number, one) and re.fullmatch(number, other):
        return float(one) == float(other)
    return one == other


async def answer_settings(panel: Panel, request: web.Request) -> web.Response:
    """Show, and by PUT set, where the plugin reports to, and how soon: ``{panelUrl, seconds}``."""
    if request.method == "PUT":
        given = await request.json()
        panel.panel_url = str(given.get("panelUrl", panel.panel_url)).rstrip("/")
        panel.seconds = float(given.get("seconds", panel.seconds or 0))
    return web.json_response({"panelUrl": panel.panel_url, "seconds": panel.seconds, "apiKey": panel.api_key})
