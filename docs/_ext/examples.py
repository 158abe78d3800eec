"""Shows each method at work: a request, and the reply that a run against the sandbox gave."""  # noqa: INP001 - found by conf.py, part of no package

import asyncio
import json
import re
from typing import Any

import structlog.testing

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import PLUGINS, Sandbox
from rpc_moodle.sandbox.examples import EXAMPLES, PANEL
from rpc_moodle.settings import Settings
from utils.client import connected
from utils.contract import Envelope
from utils.server import listening

URL, KEY = "https://moodle.example.edu", "0123456789abcdef0123456789abcdef"
_ROWS, _TEXT = 1, 90
_LISTING, _DOWNLOAD = "getSubmissionsInfosFromAssignment", "downloadSubmissionsFromUser"


def examples() -> dict[str, str]:
    """Run them and write each as Markdown, by the method's name."""
    with structlog.testing.capture_logs():
        shown = asyncio.run(_run())
    return {event: _written(event, *each) for event, each in shown.items()}


async def _run() -> dict[str, tuple[dict[str, Any], Envelope]]:
    shown: dict[str, tuple[dict[str, Any], Envelope]] = {}
    async with (
        Sandbox(wider=True, installed=PLUGINS) as sandbox,
        listening(create_app(Settings(allow_private=True)), host="127.0.0.1", port=0) as service,
        connected(service) as backend,
    ):
        for event, example in EXAMPLES.items():
            if example.who == PANEL:
                continue
            payload = example.at(sandbox.url)
            if event == _DOWNLOAD:  # a link with its ticket, as a listing has just given it
                options = {"url": sandbox.url, "apiKey": sandbox.token(example.who)}
                listed = await backend.call(_LISTING, {**EXAMPLES[_LISTING].payload, "options": options})
                payload["fileUrls"] = [listed["data"][0]["files"][0]["fileurl"]]
            else:
                payload["options"] = {"url": sandbox.url, "apiKey": sandbox.key(example.who)}
            reply = await backend.call(event, payload)
            payload.pop("options", None)
            shown[event] = _with_names(payload, sandbox.url), Envelope(_with_names(reply, sandbox.url))
    return shown


def _with_names(value: Any, site: str) -> Any:
    """Put names in place of addresses and tickets that are others at each run."""
    if isinstance(value, dict):
        return {key: "b7e0c1f2a3d4" if key == "callId" else _with_names(item, site) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_names(item, site) for item in value]
    if isinstance(value, str):
        text = value.replace(site, URL)
        return re.sub(r"(ticket=|/archives/)[\w%-]+", r"\1gAAAA…", text)
    return value


def _written(event: str, payload: dict[str, Any], reply: Envelope) -> str:
    options = {} if event in {"call", "downloadSubmissionsFromUser"} else {"options": {"url": URL, "apiKey": KEY}}
    request = json.dumps(_short({**payload, **options}), ensure_ascii=False, indent=2)
    answer = json.dumps(_short(reply), ensure_ascii=False, indent=2)
    asked = f'socket.emit("{event}", {request}, (reply) => console.log(reply))'
    return f"```js\n{asked}\n```\n\nThe reply:\n\n```js\n{answer}\n```"


def _short(value: Any) -> Any:
    """Cut lists to their first item and long texts, which the reader sees."""
    if isinstance(value, dict):
        return {key: _short(item) for key, item in value.items()}
    if isinstance(value, list) and len(value) > _ROWS and isinstance(value[0], dict):
        return [*map(_short, value[:_ROWS]), f"… and {len(value) - _ROWS} more"]
    if isinstance(value, list):
        return [_short(item) for item in value]
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    if isinstance(value, str) and len(value) > _TEXT:
        return value[:_TEXT] + "…"
    return value
