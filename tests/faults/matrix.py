"""Methods x faults: every way of calling meets every trouble over a real socket, and is looked at from all sides."""

import asyncio
import io
import json
import logging
import re
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import aiohttp
import structlog

from rpc_moodle.app import create_app
from rpc_moodle.errors import CODES
from rpc_moodle.sandbox import PLUGINS, Sandbox
from rpc_moodle.sandbox.seed import TOKEN_NAMES, token_value
from rpc_moodle.settings import Settings
from tests.faults.troubles import BAD, LONG, OK, SHORT, TIMEOUT, Door, Trouble
from tests.faults.ways import BROKEN, DONE, KEY, Asks, Way
from utils.client import Client, connected
from utils.errors import CODES as KIT_CODES
from utils.logs import configure
from utils.testing import running

PATIENCE = 60.0
"""Seconds after which a call without an acknowledgement is given up, far beyond any deadline of the matrix."""

AT_A_TIME, HEAVY_AT_A_TIME = 20, 3

_RETRYABLE = {code.name: code.retryable for code in (*KIT_CODES, *CODES)} | {"outcome_unknown": True}
_TICKET = re.compile(r"ticket=([\w-]{40,})")
_SECRETS = (*(token_value(name) for name in TOKEN_NAMES), KEY.get_secret_value())

Reply = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    """What one way of calling made of one trouble; ``problems`` are sentences, none when all is as it should be."""

    way: Way
    trouble: Trouble
    codes: frozenset[str]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class Row:
    """One trouble met in all ways; ``problems`` are those of what was logged."""

    trouble: Trouble
    cells: tuple[Cell, ...]
    problems: tuple[str, ...]


class Matrix:
    """A running service, one backend connected to it, a client of plain HTTP, and all that is logged."""

    def __init__(self, backend: Client, http: aiohttp.ClientSession, log: io.StringIO) -> None:
        self._backend = backend
        self._http = http
        self._log = log

    async def row(self, trouble: Trouble, ways: tuple[Way, ...]) -> Row:
        """Meet one trouble in many ways, side by side; each has a site of its own."""
        ways = tuple(way for way in ways if way.meets(trouble))
        calls = sum(2 if way.first is None else 3 for way in ways if way.path is None)
        places = asyncio.Semaphore(HEAVY_AT_A_TIME if trouble.heavy else AT_A_TIME)
        begin = self._log.tell()

        async def one(way: Way) -> Cell:
            async with places:
                return await self._cell(way, trouble)

        cells = await asyncio.gather(*(one(way) for way in ways))
        self._log.seek(begin)
        return Row(trouble, tuple(cells), tuple(_wrong_in_log(self._log.read(), calls=calls)))

    async def _cell(self, way: Way, trouble: Trouble) -> Cell:
        installed = PLUGINS if way.example else ()
        wider = way.example is not None
        async with Sandbox(users=3, wider=wider, installed=installed) as sandbox, Sandbox(users=0) as elsewhere:
            sandbox.site.panel.api_key = sandbox.token("teacher_full")
            if way.first is not None:
                await self._ask(way.first, sandbox, sandbox.url, LONG)
                sandbox.requests.clear()
            if trouble.rule is not None:
                struck = {} if way.struck == "*" else {"function": way.struck}
                sandbox.faults.set(trouble.rule.model_copy(update={"location": f"{elsewhere.url}/", **struck}))
            async with _door(sandbox, trouble.door) as url:
                # What the trouble does not strike has time, on a busy machine, too.
                seconds = LONG if way.right(trouble) == OK else trouble.seconds
                reply = await self._ask(way, sandbox, url, seconds)
            sandbox.faults.clear()
            problems = [*_wrong(way, trouble, reply), *way.untrue(sandbox, reply)]
            if elsewhere.requests:
                problems.append("a request was sent to where the site redirected")
            if bool(sandbox.requests) is not (way.asks is not Asks.NOTHING and trouble.door is Door.OPEN):
                problems.append(f"the site was asked {len(sandbox.requests)} times")
            after, right = (SHORT, OK | TIMEOUT) if way.leaves_a_write(trouble) else (LONG, OK)
            right |= DONE if way.once else frozenset()
            healthy = await self._ask(way, sandbox, sandbox.url, after)
            if not codes_of(healthy) <= right:
                problems.append(f"the next healthy call failed: {healthy['message']}")
            problems += way.untrue(sandbox, healthy)
        return Cell(way, trouble, codes_of(reply), tuple(problems))

    async def _ask(self, way: Way, sandbox: Sandbox, url: str, seconds: float) -> Reply:
        try:
            if way.path is not None:
                return await self._get(way.path(sandbox, url))
            return await self._backend.call(way.event, way.payload(sandbox, url, seconds), seconds=PATIENCE)
        except TimeoutError:
            return _failure("NO REPLY")

    async def _get(self, path: str) -> Reply:
        async with self._http.get(path) as response:
            if response.status != HTTPStatus.OK:
                refusal: Reply = await response.json()
                return refusal
            try:
                await response.read()
            except aiohttp.ClientPayloadError:
                return _failure(BROKEN)
            return {"success": True}


def _failure(code: str) -> Reply:
    error = {"code": code, "message": code, "retryable": False, "details": {}}
    return {"success": False, "message": code, "error": error}


@asynccontextmanager
async def matrix() -> AsyncIterator[Matrix]:
    """Start the service and connect to it."""
    settings = Settings(log_level="debug", log_format="json", ticket_keys=(KEY,), allow_private=True)
    with _collected(settings) as log:
        async with (
            running(create_app(settings)) as url,
            connected(url, transports=["websocket"]) as backend,
            aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(PATIENCE)) as http,
        ):
            backend.on("file", lambda _part: True)  # which acknowledges it
            yield Matrix(backend, http, log)


def codes_of(reply: Reply) -> frozenset[str]:
    """The codes that a reply has: its own, or those of the parts of a batch."""
    if reply["success"]:
        return OK
    error, data = reply["error"], reply.get("data")
    parts = error["details"].get("files") or (data["results"] if isinstance(data, dict) else None)
    if not parts:
        return frozenset({error["code"]})
    return frozenset(part["error"]["code"] if "error" in part else part["code"] or "ok" for part in parts)


def _wrong(way: Way, trouble: Trouble, reply: Reply) -> Iterator[str]:
    """Say what is wrong with the reply to a call that met a trouble."""
    right = way.right(trouble)
    found = codes_of(reply)
    if not found <= right:
        yield f"{', '.join(sorted(found))} instead of {', '.join(sorted(right))}: {reply.get('message')}"
    # A caller's own ticket may come back to it in the details, which say of what file they are.
    for secret in (*_secrets_in(reply.get("message", "")), *(one for one in _SECRETS if one in repr(reply))):
        yield f"the reply holds the secret {secret}"
    if reply["success"]:
        return
    error = reply["error"]
    expected = any(_RETRYABLE.get(code) or (trouble.passing and code in BAD) for code in found)
    if error["retryable"] is not expected:
        yield f"retryable is {error['retryable']} for {', '.join(sorted(found))}"
    if reply["message"] != error["message"] or not reply["message"]:
        yield "the two messages differ, or are empty"
    if trouble.wait is not None:
        parts = error["details"].get("files")
        details = [part["error"]["details"] for part in parts] if parts else [error["details"]]
        if any(detail.get("retryAfter") != trouble.wait for detail in details):
            yield f"retryAfter is not {trouble.wait}: {details}"


def _wrong_in_log(text: str, *, calls: int) -> Iterator[str]:
    for secret in _secrets_in(text):
        yield f"the log holds the secret {secret}"
    lines = [json.loads(line) for line in text.splitlines()]
    outcomes = [line["outcome"] for line in lines if line["event"] == "call"]
    if len(outcomes) != calls:
        yield f"{len(outcomes)} of {calls} calls are in the log"
    if "internal" in outcomes:
        yield "the log has an internal error"
    for line in lines:
        if line["logger"].startswith("aiohttp.") or line["event"] in {"call", "loop_blocked"}:
            continue  # the sandbox's own, what is to be seen of a sick site, and what a busy machine causes
        if line["level"] in {"error", "warning", "critical"}:
            yield f"the log complains: {line['event']} {line.get('exception', '')}"


def _secrets_in(text: str) -> list[str]:
    return [secret for secret in (*_SECRETS, *_TICKET.findall(text)) if secret in text]


@asynccontextmanager
async def _door(sandbox: Sandbox, door: Door) -> AsyncIterator[str]:
    """The URL of one of the site's doors."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # and never listens
        match door:
            case Door.OPEN:
                yield sandbox.url
            case Door.UNTRUSTED:
                yield await sandbox.listen_untrusted()
            case Door.CLOSED:
                yield f"http://127.0.0.1:{silent.getsockname()[1]}"


@contextmanager
def _collected(settings: Settings) -> Iterator[io.StringIO]:
    """Collect the logs of the whole process."""
    root, stream = logging.getLogger(), io.StringIO()
    handlers, level = root.handlers[:], root.level
    root.handlers[:] = []  # else they are closed
    configure(settings, stream=stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
