"""The HTTP side of the sandbox: Moodle's scripts at Moodle's paths."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from aiohttp import web

from rpc_moodle.sandbox import downloads, moopanel, pages, switchboard, uploads
from rpc_moodle.sandbox.access import authenticate, log_in
from rpc_moodle.sandbox.errors import MoodleError, access_denied, missing_record, missing_unknown_record
from rpc_moodle.sandbox.faults import Fault, Harm, disguise, harm_of, suffer
from rpc_moodle.sandbox.functions import table
from rpc_moodle.sandbox.functions.base import Call, Function
from rpc_moodle.sandbox.params import Settings, nest
from rpc_moodle.sandbox.site import Mode, Seen, Site
from rpc_moodle.sandbox.xml import answer_xml, error_xml

REST: Final = "/webservice/rest/server.php"
_BODY_LIMIT: Final = 256 * 1024 * 1024
_PLANNED: Final = web.RequestKey("planned", Harm)
_SCRIPT_TYPE: Final = "application/json; charset=utf-8"


def create_app(site: Site, *, latency: float = 0.0) -> web.Application:
    """Build the application that serves ``site``, each answer ``latency`` seconds late.

    Its switchboard is at ``/__faults``; whoever reaches the sandbox may use it.
    """
    app = web.Application(client_max_size=_BODY_LIMIT)
    app.router.add_route("*", switchboard.PATH, site.faults.answer)
    app.router.add_route("*", "/{path:.*}", _Server(site, latency, table(site.release)).answer)
    app.on_response_prepare.append(_prepared)
    return app


async def _prepared(request: web.Request, response: web.StreamResponse) -> None:
    if _PLANNED in request:
        disguise(request[_PLANNED], response)


class _Server:
    """The scripts of one site."""

    def __init__(self, site: Site, latency: float, functions: Mapping[str, Function]) -> None:
        self.site = site
        self.latency = latency
        self.functions = functions
        self._worker = asyncio.Lock()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Note the request, wait, let a planned fault happen, and run the script that the path names."""
        pairs = await _pairs(request)
        form = dict(pairs)
        token = form.get("wstoken", "") or form.get("token", "")
        seen = Seen(
            request.method, request.path, form.get("wsfunction", "") or moopanel.function_of(request.path), token, form
        )
        self.site.requests.append(seen)
        if self.latency:
            await asyncio.sleep(self.latency)
        if cost := self.site.costs.get(seen.function):
            async with self._worker:
                await asyncio.sleep(cost)
        harm = request[_PLANNED] = self._harm(seen)
        broken = await suffer(request, harm, answered=False)
        if broken is not None:
            return broken
        response = await self._script(request, pairs, form)
        return await suffer(request, harm, answered=True) or response

    def _harm(self, seen: Seen) -> Harm:
        if self.site.fault is not None:
            return harm_of(self.site.fault(seen))
        return harm_of(self.site.faults.choose(seen.function, seen.path) or Fault.NONE)

    async def _script(  # noqa: PLR0911 - one for each script
        self, request: web.Request, pairs: list[tuple[str, str]], form: dict[str, str]
    ) -> web.StreamResponse:
        path = request.path
        if self.site.mode is Mode.CLI_MAINTENANCE:
            return pages.cli_maintenance(self.site)
        try:
            if path == REST:
                return self._rest(request, pairs)
            if path.startswith(moopanel.SCRIPT):
                return await moopanel.answer(self.site.panel, self.site.name, request)
            if path == moopanel.SETTINGS:
                return await moopanel.answer_settings(self.site.panel, request)
            if path.startswith(f"{downloads.SCRIPT}/"):
                return await downloads.send_file(self.site, request, form)
            if path == uploads.SCRIPT:
                return _json(await uploads.receive(self.site, request, form), content_type="text/plain; charset=utf-8")
            if path == "/login/token.php":
                return _json(log_in(self.site, form), content_type=_SCRIPT_TYPE)
        except MoodleError as error:
            kind = "text/plain; charset=utf-8" if path == uploads.SCRIPT else _SCRIPT_TYPE
            return _json(error.for_script(), status=error.status, content_type=kind)
        return self._page(path, str(request.url.origin()))

    def _page(self, path: str, url: str) -> web.Response:
        """Answer what people's browsers ask for; a token does not help there (``file.plain_pluginfile``)."""
        if path == "/login/index.php":
            return pages.login(self.site)
        if path.startswith("/pluginfile.php/"):
            return pages.to_login(url)
        return pages.wrong_path()

    def _rest(self, request: web.Request, pairs: list[tuple[str, str]]) -> web.StreamResponse:
        """Answer a web service call: whatever happens, status 200, except where web services are switched off."""
        if self.site.mode in {Mode.REST_DISABLED, Mode.WEBSERVICES_DISABLED}:
            return pages.forbidden()
        form = nest(pairs, self.site.max_input_vars)
        settings = Settings.split(form)
        try:
            answer = self._call(request, form, settings)
        except MoodleError as error:
            shape = error.for_service(self.site.release)
            return _json(shape) if settings.json else _xml(error_xml(shape))
        return _json(answer) if settings.json else _xml(answer_xml(answer))

    def _call(self, request: web.Request, form: dict[str, Any], settings: Settings) -> Any:
        token, name = (
            str(form.get("wstoken", "")),
            str(form.get("wsfunction", "")),
        )
        user, service = authenticate(self.site, token, request.remote or "")
        wanted = self.site.functions.get(name) or self.functions.get(name)
        if wanted is None:
            raise missing_unknown_record() if self.site.release == "5.0" else missing_record("external_functions")
        if name not in service.functions:
            raise access_denied()
        call = Call(self.site, user, str(request.url.origin()), token, settings.raw, settings.filter)
        return wanted.run(call, wanted.params.check(settings.arguments))


async def _pairs(request: web.Request) -> list[tuple[str, str]]:
    """Read query and form, in this order; a JSON body is not read, as Moodle does not read one."""
    pairs = list(request.query.items())
    if request.content_type == "application/x-www-form-urlencoded":
        body = (await request.read()).decode(errors="replace")
        pairs += parse_qsl(body, keep_blank_values=True)
    elif request.content_type == "multipart/form-data":
        pairs += [(name, value) for name, value in (await request.post()).items() if isinstance(value, str)]
    return pairs


def _json(value: Any, *, status: int = 200, content_type: str = "application/json") -> web.Response:
    """Write JSON as PHP does: ASCII only, slashes escaped."""
    text = json.dumps(value, separators=(",", ":")).replace("/", "\\/")
    headers = {"Content-Type": content_type, "Accept-Ranges": "none"}
    return web.Response(body=text.encode(), status=status, headers=headers)


def _xml(text: str) -> web.Response:
    headers = {
        "Content-Type": "application/xml; charset=utf-8",
        "Content-Disposition": 'inline; filename="response.xml"',
        "Accept-Ranges": "none",
    }
    return web.Response(body=text.encode(), headers=headers)
