"""The sandbox keeps feedback files as the recorded real site did."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest

from rpc_moodle.sandbox import Sandbox, Stage
from tests.support import RECORDINGS

RECORDING = json.loads((RECORDINGS / "moodle-4.5-files.json").read_text())
LIMITED = "files.too_large_upload"
"""From here on the course takes ten bytes."""


def _stage(sandbox: Sandbox) -> None:
    """Set up the assignments that were recorded, with their ids."""
    stage = Stage(sandbox.site)
    settings: dict[str, dict[str, Any]] = {
        "plain": {},
        "off": {"feedback_files": False},
        "workflow": {"markingworkflow": True},
        "attempts": {"attemptreopenmethod": "manual", "maxattempts": -1},
    }
    for name, ids in RECORDING["ids"].items():
        wanted = {"feedback_files": True, **settings[name]}
        one = stage.assignment(name, id=ids["id"], cmid=ids["cmid"], **wanted)
        one.contextid = ids["context"]
        stage.hand_in(one, 5, 6, 7, 8, 9)


def _files(body: dict[str, Any]) -> object:
    """What a status says of feedback files, newest attempt and earlier ones."""
    previous = [each.get("feedbackplugins", []) for each in body.get("previousattempts", [])]
    return [
        sorted(
            (file["filepath"], file["filename"], file["filesize"])
            for plugin in plugins
            for area in plugin.get("fileareas", [])
            for file in area["files"]
            if plugin["type"] == "file"
        )
        for plugins in (body.get("feedback", {}).get("plugins", []), *previous)
    ]


def _told(exchange: dict[str, Any], body: Any) -> object:
    if isinstance(body, dict) and "lastattempt" in body:
        return _files(body)
    if exchange["request"]["path"].endswith("upload.php"):
        return [(row["filename"], row.get("errortype"), row.get("error"), row.get("filesize")) for row in body]
    if isinstance(body, dict) and "courses" in body:
        return [course["maxbytes"] for course in body["courses"]]
    if isinstance(body, dict) and "assignments" in body:
        return [[(row["userid"], row["grade"]) for row in each["grades"]] for each in body["assignments"]]
    return body


def _form(request: dict[str, Any], token: str, drafts: dict[str, str]) -> aiohttp.FormData:
    """Write a request's form; numbers of draft areas are those that this site has given."""
    data = aiohttp.FormData(quote_fields=False)
    if "files" in request:
        data.add_field("token", token)
    for number, (name, content) in enumerate(request.get("files", ())):
        data.add_field(f"file_{number}", content.encode(), filename=name)
    for name, value in request["form"]:
        text = value.replace("TOKEN_teacher_more", token)
        for old, new in drafts.items():
            text = text.replace(old, new)
        data.add_field(name, text)
    return data


def _path(request: dict[str, Any], row: str) -> str:
    """Give the path; the number of the grade's row, on which files hang, is another in each site."""
    parts = str(request["path"]).split("/")
    return "/".join([*parts[:6], row, *parts[7:]]) if "pluginfile.php" in parts else "/".join(parts)


async def _replay() -> dict[str, tuple[object, object]]:
    """Send all requests in recorded order; give by id what was recorded, and what the sandbox says."""
    drafts: dict[str, str] = {}
    found: dict[str, tuple[object, object]] = {}
    row = ""
    async with Sandbox(users=1, wider=True) as sandbox, aiohttp.ClientSession() as session:
        _stage(sandbox)
        for exchange in RECORDING["exchanges"]:
            if exchange["id"] == LIMITED:
                sandbox.site.courses[2].maxbytes = 10
            request, response = exchange["request"], exchange["response"]
            data = _form(request, sandbox.token("teacher_more"), drafts)
            headers = {"If-None-Match": f'"{request["if_none_match"]}"'} if request.get("if_none_match") else {}
            async with session.post(sandbox.url + _path(request, row), data=data, headers=headers) as answer:
                text = await answer.text()
            body: Any = json.loads(text) if text[:1] in {"{", "[", "n"} else text
            if "files" in request:
                drafts[str(response["body"][0]["itemid"])] = str(body[0]["itemid"])
            if isinstance(body, dict) and "assignments" in body:
                row = str(body["assignments"][0]["grades"][0]["id"])
            recorded = response["status"], _told(exchange, response["body"])
            found[exchange["id"]] = recorded, (answer.status, _told(exchange, body))
    return found


@pytest.fixture(scope="module")
def replayed() -> dict[str, tuple[object, object]]:
    return asyncio.run(_replay())


@pytest.mark.parametrize("id_", [exchange["id"] for exchange in RECORDING["exchanges"]])
def test_an_exchange_goes_as_it_was_recorded(replayed: dict[str, tuple[object, object]], id_: str) -> None:
    recorded, told = replayed[id_]
    assert told == recorded
