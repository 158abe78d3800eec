"""Reports that MooPanel sites send by themselves, over HTTP: who may send them, and to whom they go.

A topic is an instance and a key: the plugin shows its site's API key with each report, and whoever subscribes has
shown the same one to the site. Instances of two panels may bear the same number; their keys differ.
"""

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

import structlog
from aiohttp import web
from pydantic import SecretStr

from rpc_moodle.moopanel.callbacks import limit, read_report, route
from rpc_moodle.moopanel.secrets import fingerprint
from utils.topics import Topics

EVENT = "moopanel"
"""The event that subscribers get."""

BODY_SECONDS = 30.0
"""How long a report may take to arrive."""


def topic_of(instance_id: int, key: SecretStr) -> str:
    """Name the topic of an instance and a key; the name does not tell the key."""
    return f"{_prefix(instance_id)}{fingerprint(key)}"


def _prefix(instance_id: int) -> str:
    return f"{EVENT}/{instance_id}/"


async def topic_shown(topics: Topics, instance_id: int, key: SecretStr) -> str | None:
    """Find the open topic of an instance whose key is the one shown; None where there is none.

    All keys of the instance are compared, in constant time, so that the time tells nothing.
    """
    shown = topic_of(instance_id, key)
    known = await topics.names(_prefix(instance_id))
    matches = [name for name in known if hmac.compare_digest(name, shown)]
    return matches[0] if matches else None


def add_routes(app: web.Application, topics: Topics) -> None:
    """Add ``POST /api/…`` to an application."""
    app.router.add_post("/api/{path:.*}", _Routes(topics).receive)


class _Routes:
    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._reading: dict[str, asyncio.Lock] = {}
        self._log = structlog.get_logger("rpc_moodle.callbacks")

    async def receive(self, request: web.Request) -> web.Response:
        """Take a report; its sender is told the status and a word, as the plugin reads nothing else."""
        found = route(request.match_info["path"])
        if found is None:
            return self._answer(HTTPStatus.NOT_FOUND, "no_such_path")
        kind, instance_id = found
        key = SecretStr(request.headers.get("X-API-KEY", ""))
        topic = await topic_shown(self._topics, instance_id, key)
        if topic is None:
            return self._answer(HTTPStatus.UNAUTHORIZED, "key_refused", instance=instance_id)
        async with self._turn(topic):
            try:
                async with asyncio.timeout(BODY_SECONDS):
                    body = await _body(request, limit(kind))
                # In a thread, since exported settings take long to parse.
                report = await asyncio.to_thread(read_report, kind, instance_id, body, key)
            except TimeoutError:
                return self._answer(HTTPStatus.REQUEST_TIMEOUT, "too_slow", instance=instance_id, kind=kind)
            except OverflowError:
                return self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", instance=instance_id, kind=kind)
            except ValueError as error:
                return self._answer(HTTPStatus.BAD_REQUEST, "no_report", str(error), instance=instance_id, kind=kind)
            await self._topics.publish(topic, report)
        return self._answer(HTTPStatus.OK, "ok", instance=instance_id, kind=kind)

    @asynccontextmanager
    async def _turn(self, topic: str) -> AsyncIterator[None]:
        """Read one report of an instance at a time: one instance's reports take no more memory than that."""
        lock = self._reading.setdefault(topic, asyncio.Lock())
        try:
            async with lock:
                yield
        finally:
            if not lock.locked() and self._reading.get(topic) is lock:
                del self._reading[topic]

    def _answer(self, status: HTTPStatus, outcome: str, problem: str = "", **about: object) -> web.Response:
        self._log.info("callback", outcome=outcome, status=status.value, **about)
        if status == HTTPStatus.OK:
            return web.json_response({"status": True})
        response = web.json_response({"status": False, "error": problem or status.phrase}, status=status)
        response.force_close()  # what else comes of the body is not read
        return response


async def _body(request: web.Request, most: int) -> bytes:
    """Read a body; raises OverflowError, without reading on, for one that is too large."""
    body = bytearray()
    async for chunk in request.content.iter_chunked(65536):
        body += chunk
        if len(body) > most:
            raise OverflowError
    return bytes(body)
