"""One call without a server: for harnesses, scripts and a look at what a method answers."""

import base64
import json
from typing import Any

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.publications import Publications
from rpc_moodle.settings import Settings
from utils.contract import Envelope


async def call_once(settings: Settings, event: str, payload: object) -> Envelope:
    """Run one method in process and give its reply."""
    async with create_http(settings) as http, Publications() as publications:
        dispatcher = create_dispatcher(settings, http, create_tickets(settings), publications)
        return await dispatcher.dispatch(event, [payload])


def as_json(reply: Envelope) -> str:
    """Write a reply for a terminal: indented, and binaries as ``{"base64": …}``."""
    return json.dumps(reply, default=_plain, ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if hasattr(value, "model_dump"):
        return value.model_dump(by_alias=True)
    raise TypeError(f"{type(value).__name__} cannot be shown")
