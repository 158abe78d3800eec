"""What tests share: recorded answers, and aioresponses on the current aiohttp."""

import json
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock

from aiohttp import ClientResponse

RECORDINGS = Path(__file__).parent / "recordings"
VERSIONS = ("4.4", "4.5")


@cache
def recording(version: str, kind: str = "") -> dict[str, Any]:
    """All that was recorded of one Moodle version; ``kind`` is ``cases`` or ``form`` for the further recordings."""
    name = f"moodle-{version}-{kind}.json" if kind else f"moodle-{version}.json"
    data: dict[str, Any] = json.loads((RECORDINGS / name).read_text())
    return data


def exchanges(version: str) -> dict[str, dict[str, Any]]:
    """The exchanges of one version by their id."""
    return {exchange["id"]: exchange for exchange in recording(version)["exchanges"]}


def body_of(exchange: dict[str, Any]) -> bytes:
    """The recorded body as bytes."""
    body = exchange["response"]["body"]
    if isinstance(body, str) and "json" not in exchange["response"]["headers"].get("Content-Type", ""):
        return body.encode()
    return json.dumps(body).encode()


class ResponseWithWriter(ClientResponse):
    """aiohttp 3.14 wants a ``stream_writer``, which aioresponses 0.7.9 does not give."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("stream_writer", Mock())
        super().__init__(*args, **kwargs)
