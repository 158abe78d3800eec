"""The recorded exchanges with the MooPanel plugin, as the adapter meets them."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import cache
from types import SimpleNamespace
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.transport.allowance import AnswerLimits
from rpc_moodle.transport.single_flight import Sharing
from tests.support import RECORDINGS

T = TypeVar("T")
SITE = "https://moodle.example.edu"
KEY = SecretStr("API_KEY")
SCRIPT = "/local/moopanel/server.php"
_CUT = re.compile(r"\.\.\. \d+ more")


@cache
def exchanges() -> dict[str, dict[str, Any]]:
    """All 246 of them by their id."""
    data = json.loads((RECORDINGS / "moopanel.json").read_text())
    return {one["id"]: one for one in data["exchanges"]}


def of_plugin() -> dict[str, dict[str, Any]]:
    """Those in which somebody asked the site."""
    return {name: one for name, one in exchanges().items() if not name.startswith("callback ")}


def reports() -> dict[str, dict[str, Any]]:
    """Those in which the site reported to the panel."""
    return {name: one for name, one in exchanges().items() if name.startswith("callback /api/")}


def whole(value: Any) -> Any:
    """A recorded body without the marks of what was cut."""
    if isinstance(value, list):
        return [whole(each) for each in value if not (isinstance(each, str) and _CUT.fullmatch(each))]
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    return value


def body_of(exchange: Mapping[str, Any]) -> bytes:
    """The bytes that the site answered with."""
    body = exchange["response"]["body"]
    return body.encode() if isinstance(body, str) else json.dumps(whole(body)).encode()


def report_of(exchange: Mapping[str, Any]) -> bytes:
    """The bytes of a report; of the exported settings only the beginning was recorded, which is closed here."""
    body = exchange["request"]["body"]
    if isinstance(body, str):
        return f"{body.partition('...')[0]}SITE_URL></PRESET>".encode()
    return json.dumps(body).encode()


def report_path(exchange: Mapping[str, Any]) -> str:
    """The path of a report below ``/api/``."""
    path: str = exchange["request"]["path"]
    return path.removeprefix("/api/")


def as_sent(exchange: Mapping[str, Any]) -> tuple[str, str, list[tuple[str, str]], Any]:
    """Method, endpoint, query and body of a recorded request."""
    request = exchange["request"]
    query = parse_qsl(request["query"] or "", keep_blank_values=True)
    return request["method"], request["path"].removeprefix(f"{SCRIPT}/"), query, request["body"]


class Answering:
    """A transport that gives one recorded answer, and notes what it was asked."""

    def __init__(self, exchange: Mapping[str, Any]) -> None:
        self._exchange = exchange
        self.sharing: Sharing[bytes] = Sharing()
        self.sites = SimpleNamespace(prove=lambda _tenant: None)
        self.answers = AnswerLimits()
        self.total_seconds = 10.0
        self.asked: list[tuple[str, str, list[tuple[str, str]], Any]] = []
        self.headers: list[Mapping[str, str]] = []

    @staticmethod
    async def beside(_body: bytes, work: Callable[[], T]) -> T:
        return work()

    @asynccontextmanager
    async def request(
        self, method: str, url: URL, *, tenant: object, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[Any]:
        query = parse_qsl(url.raw_query_string, keep_blank_values=True)
        endpoint = url.path.removeprefix(f"{SCRIPT}/")
        self.asked.append((method, endpoint, query, json.loads(body) if body else None))
        self.headers.append(headers)
        content = asyncio.StreamReader()
        content.feed_data(body_of(self._exchange))
        content.feed_eof()

        async def chunks(_size: int) -> AsyncIterator[bytes]:
            yield await content.read()

        yield SimpleNamespace(
            status=self._exchange["response"]["status"], headers={}, content=SimpleNamespace(iter_chunked=chunks)
        )
