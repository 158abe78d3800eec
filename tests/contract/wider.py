"""The recordings of the wider client, and sending them to a sandbox that was seeded as those sites were."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import aiohttp

from rpc_moodle.sandbox import Sandbox
from tests.contract.replay import Answer
from tests.support import RECORDINGS

SITE_NAMES = {"4.4": "Reference 47", "4.5": "Reference 46"}
OTHER_NAMES = "the students of the big course have other names on the recorded sites"
NOT_USED = "no published method asks for it"
PUBLISHING = "publishing has its own recordings"

NOT_REPLAYED = {
    "users.get.lastname_wild.admin": OTHER_NAMES,
    "courses.all": NOT_USED,
    "courses.some": NOT_USED,
    "courses.contents": NOT_USED,
    "courses.module_by_instance": NOT_USED,
    "courses.updates_since": NOT_USED,
    "courses.check_updates": NOT_USED,
    "student.files_of_draft": NOT_USED,
    "grades.gradeitems": NOT_USED,
    "grades.gradable_users": NOT_USED,
    "update.": NOT_USED,
    "message.send": NOT_USED,
    "rubric.": PUBLISHING,
    "guide.": PUBLISHING,
}
"""What is not replayed, by the beginning of its id, and why."""


@cache
def exchanges(version: str) -> tuple[dict[str, Any], ...]:
    """Give all that was recorded of a version, in recorded order."""
    return tuple(json.loads((RECORDINGS / f"moodle-{version}-more.json").read_text())["exchanges"])


def replayed(version: str) -> list[dict[str, Any]]:
    """Give the exchanges that the sandbox has to answer as the real site did."""
    return [one for one in exchanges(version) if not one["id"].startswith(tuple(NOT_REPLAYED))]


async def replay(version: str) -> dict[str, Answer]:
    """Send every replayed request of a version in recorded order to one sandbox, and give its answers by id."""
    answers: dict[str, Answer] = {}
    drafts: dict[str, str] = {}
    async with (
        Sandbox(users=20, release=version, wider=True) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        sandbox.site.name = SITE_NAMES[version]
        for exchange in replayed(version):
            answer = answers[exchange["id"]] = await _send(session, sandbox, exchange, drafts)
            if "file" in exchange["request"]:
                recorded, made = exchange["response"]["body"][0]["itemid"], json.loads(answer.body)[0]["itemid"]
                drafts[str(recorded)] = str(made)
    return answers


async def _send(
    session: aiohttp.ClientSession, sandbox: Sandbox, exchange: dict[str, Any], drafts: dict[str, str]
) -> Answer:
    request = exchange["request"]
    token = sandbox.token(request["as"])
    data = aiohttp.FormData(quote_fields=False)
    if "file" in request:
        (stored,) = exchange["response"]["body"]
        data.add_field("token", token)
        data.add_field("itemid", drafts.get(str(stored["itemid"]), "0"))
        data.add_field("file_1", b"x" * stored["filesize"], filename=stored["filename"])
    for name, value in request["form"] or ():
        data.add_field(name, token if value == f"TOKEN_{request['as']}" else drafts.get(value, value))
    async with session.post(sandbox.url + request["path"], data=data) as response:
        return Answer(sandbox.url, response.status, response.headers, await response.read())
