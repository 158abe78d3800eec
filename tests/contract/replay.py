"""Sending the recorded requests to a sandbox, as they were sent to the real site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from rpc_moodle.sandbox import Mode, Sandbox
from tests.contract.recorded import exchanges
from tests.support import exchanges as recorded_exchanges

MODES = {
    "site.rest_disabled": Mode.REST_DISABLED,
    "site.webservices_disabled": Mode.WEBSERVICES_DISABLED,
    "site.webservices_disabled_file": Mode.WEBSERVICES_DISABLED,
    "site.webservices_disabled_login": Mode.WEBSERVICES_DISABLED,
    "site.maintenance_web": Mode.MAINTENANCE,
    "site.maintenance_web_file": Mode.MAINTENANCE,
    "site.maintenance_cli": Mode.CLI_MAINTENANCE,
}
"""What the administrator had done to the site before an exchange."""

BIG_COURSE = {"4.4": 50, "4.5": 2000}
"""Students in the big course of the recorded sites."""


NO_ETAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True)
class Answer:
    """What the sandbox at ``url`` answered to one request."""

    url: str
    status: int
    headers: CIMultiDictProxy[str]
    body: bytes


async def replay(version: str) -> dict[str, Answer]:
    """Send every replayed request of a version in recorded order to one sandbox, and give its answers by id."""
    answers: dict[str, Answer] = {}
    async with (
        Sandbox(users=BIG_COURSE[version], release=version) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        for exchange in exchanges(version):
            sandbox.site.mode = MODES.get(exchange["id"], Mode.NORMAL)
            answers[exchange["id"]] = await send(session, sandbox, exchange["request"], _etags(version, answers))
    return answers


def _etags(version: str, answers: dict[str, Answer]) -> dict[str, str]:
    """Pair the recorded ETags with those of the sandbox's own contents."""
    recorded = recorded_exchanges(version)
    pairs = ((recorded[name]["response"]["headers"].get("ETag"), answer) for name, answer in answers.items())
    return {etag: answer.headers["ETag"] for etag, answer in pairs if etag}


async def send(
    session: aiohttp.ClientSession, sandbox: Sandbox, request: dict[str, Any], etags: Mapping[str, str] = NO_ETAGS
) -> Answer:
    """Send one recorded request; ``etags`` gives the sandbox's in place of recorded ones."""
    url = URL(sandbox.url + request["path"], encoded=True)
    query = {name: _token(sandbox, value) for name, value in (request["query"] or {}).items()}
    form = [(name, _token(sandbox, value)) for name, value in request["form"] or []]
    headers = {name: etags.get(value, value) for name, value in request.get("headers", {}).items()}
    async with session.request(
        request["method"],
        url.with_query(query) if query else url,
        data=aiohttp.FormData(form) if form else None,
        headers=headers,
        allow_redirects=False,
    ) as response:
        return Answer(sandbox.url, response.status, response.headers, await response.read())


def _token(sandbox: Sandbox, value: str) -> str:
    """Put the sandbox's token in place of a recorded name; the one that a login issued is the teacher's."""
    if not value.startswith("TOKEN_"):
        return value
    return sandbox.token("teacher_full" if value == "TOKEN_issued" else value.removeprefix("TOKEN_"))
