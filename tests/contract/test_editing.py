"""The sandbox's plugins that change assignments answer as the recorded ones did."""

import asyncio
import json
from functools import cache
from typing import Any

import aiohttp
import pytest

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.people import Course, Enrolment
from rpc_moodle.sandbox.work import Assignment
from tests.contract.compare import differences
from tests.contract.replay import Answer, send
from tests.support import recording

NOT_REPLAYED = {
    "edit.info": "who one is has its own recordings",
    "pilot.intro": "the sandbox gives few of the plugin's settings back, which nobody reads",
    "pilot.empty": "likewise",
}
"""What is not replayed, by its id, and why."""

OF_ONE_SITE = frozenset({"fileid"})


@cache
def exchanges() -> tuple[dict[str, Any], ...]:
    return tuple(recording("4.5", "edit")["exchanges"])


async def replay() -> dict[str, Answer]:
    async with (
        Sandbox(users=0, installed=["local_activity_utils", "local_coursepilot"]) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        site = sandbox.site
        course = site.courses[11] = Course(11, "Wider", "WIDER", site.seeded)
        course.enrolments = {3: Enrolment(3, ["editingteacher"]), 5: Enrolment(5, ["student"])}
        edited = site.assignments[29] = Assignment(
            29, 38, 117, 11, "To be edited", site.seeded, intro="<p>Old words</p>"
        )
        edited.maxattempts = 1
        return {one["id"]: await send(session, sandbox, one["request"]) for one in exchanges()}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return asyncio.run(replay())


def without_own(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_own(each) for key, each in value.items() if key not in OF_ONE_SITE}
    return [without_own(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize(
    "exchange", [pytest.param(one, id=one["id"]) for one in exchanges() if one["id"] not in NOT_REPLAYED]
)
def test_an_exchange_goes_as_it_was_recorded(answers: dict[str, Answer], exchange: dict[str, Any]) -> None:
    answer = answers[exchange["id"]]
    assert answer.status == exchange["response"]["status"]
    recorded, made = (without_own(each) for each in (exchange["response"]["body"], json.loads(answer.body)))
    assert differences(recorded, made, answer.url) == []


def test_all_exchanges_but_the_listed_ones_are_replayed() -> None:
    assert set(NOT_REPLAYED) <= {one["id"] for one in exchanges()}
    assert len(exchanges()) == 27
