"""The sandbox's local_wsfunc answers as the recorded plugin did."""

import asyncio
import json
from functools import cache
from typing import Any

import aiohttp
import pytest

from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.catalogue import Category
from tests.contract.compare import differences
from tests.contract.replay import Answer, send
from tests.support import RECORDINGS

NOT_REPLAYED = {"site.info.": "who one is has its own recordings"}
"""What is not replayed, by the beginning of its id, and why."""


@cache
def exchanges() -> tuple[dict[str, Any], ...]:
    return tuple(json.loads((RECORDINGS / "moodle-4.5-wsfunc.json").read_text())["exchanges"])


def replayed() -> list[dict[str, Any]]:
    return [one for one in exchanges() if not one["id"].startswith(tuple(NOT_REPLAYED))]


async def replay() -> dict[str, Answer]:
    async with (
        Sandbox(users=20, wider=True, installed=["local_wsfunc"]) as sandbox,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        sandbox.site.categories[5] = Category(5, "Empty faculty")
        return {one["id"]: await send(session, sandbox, one["request"]) for one in replayed()}


@pytest.fixture(scope="module")
def answers() -> dict[str, Answer]:
    return asyncio.run(replay())


@pytest.mark.parametrize("exchange", [pytest.param(one, id=one["id"]) for one in replayed()])
def test_an_exchange_goes_as_it_was_recorded(answers: dict[str, Answer], exchange: dict[str, Any]) -> None:
    answer = answers[exchange["id"]]

    assert answer.status == exchange["response"]["status"]
    assert differences(exchange["response"]["body"], json.loads(answer.body), answer.url) == []


def test_all_exchanges_but_the_listed_ones_are_replayed() -> None:
    assert len(exchanges()) == 62
    assert len(replayed()) == 58
