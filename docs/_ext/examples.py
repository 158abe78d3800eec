"""Shows each method at work: a request, and the reply that a run against the sandbox gave."""  # noqa: INP001 - found by conf.py, part of no package

import asyncio
import json
import re
from typing import Any

import structlog.testing

from rpc_moodle.app import create_app
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.settings import Settings
from utils.client import connected
from utils.contract import Envelope
from utils.server import listening

URL, KEY = "https://moodle.example.edu", "0123456789abcdef0123456789abcdef"
_ROWS, _TEXT = 1, 90

_IDS = {"courseID": 2, "assignmentID": 8}
PAYLOADS: dict[str, dict[str, Any]] = {
    "getUsersFromCourse": {"courseID": 2},
    "getUsersFromAssignment": _IDS,
    "getAssignmentInfoFromCourse": {"courseID": 2, "detailed": True},
    "getSubmissionsInfosFromAssignment": _IDS,
    "createSubmissionsArchive": _IDS,
    "publishAssignmentTextFeedback": {**_IDS, "feedback": [{"extId": 5, "text": "Well argued."}], "progressId": "p-1"},
    "publishGrades": {**_IDS, "grades": [{"extId": 5, "grade": 80}]},
    "getPublication": {"progressId": "p-1"},
    "call": {},
}
"""What is asked of the sandbox, in this order; then whatever else reads and needs no more than the ids."""


def examples() -> dict[str, str]:
    """Run them and write each as Markdown, by the method's name."""
    with structlog.testing.capture_logs():
        shown = asyncio.run(_run())
    return {event: _written(event, *each) for event, each in shown.items()}


async def _run() -> dict[str, tuple[dict[str, Any], Envelope]]:
    shown: dict[str, tuple[dict[str, Any], Envelope]] = {}
    async with (
        Sandbox() as sandbox,
        listening(create_app(Settings(allow_private=True)), host="127.0.0.1", port=0) as service,
        connected(service) as backend,
    ):
        options = {"url": sandbox.url, "apiKey": sandbox.token("teacher_full")}
        for event, payload in {**PAYLOADS, **_plain()}.items():
            reply = await backend.call(event, {**payload, "options": options})
            if reply["success"]:
                shown[event] = payload, Envelope(_with_names(reply, sandbox.url))
        listed = shown["getSubmissionsInfosFromAssignment"][1]["data"]
        real = await backend.call("getSubmissionsInfosFromAssignment", {**_IDS, "options": options})
        wanted = {"fileUrls": [real["data"][0]["files"][0]["fileurl"]], "detailed": True}
        reply = await backend.call("downloadSubmissionsFromUser", wanted)
        shown["downloadSubmissionsFromUser"] = (
            {"fileUrls": [listed[0]["files"][0]["fileurl"]], "detailed": True},
            Envelope(_with_names(reply, sandbox.url)),
        )
    return shown


def _plain() -> dict[str, dict[str, Any]]:
    """Give payloads of the methods that read a course or an assignment and need nothing else."""
    known = {"course_id": "courseID", "assignment_id": "assignmentID"}
    payloads = {}
    for method in METHODS:
        fields = method.request_model.model_fields if method.request_model else {}
        needed = {name for name, field in fields.items() if field.is_required()} - {"options"}
        if needed and needed <= set(known) and not method.writes and not method.binary and method.name not in PAYLOADS:
            payloads[method.name] = {known[name]: _IDS[known[name]] for name in known if name in needed}
    return payloads


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
    request = json.dumps({**payload, **options}, ensure_ascii=False, indent=2)
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
