"""The sandbox answers as the recorded real sites did."""

import asyncio
import json
import re
from typing import Any

import pytest

from rpc_moodle.sandbox.seed import token_value
from tests.contract.compare import HOST, differences
from tests.contract.recorded import NOT_ITS_JOB, REPLAYED, exchanges
from tests.contract.replay import Answer, replay
from tests.support import VERSIONS, recording

HEADERS = ("Content-Type", "Content-Length", "Content-Range", "Content-Disposition", "Accept-Ranges", "Retry-After")
GIBBERISH = "\ufffd"
"""What the recording put in place of bytes that are no text."""

Answers = dict[str, dict[str, Answer]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """The sandbox's answers by version and exchange id; one sandbox per version, as state goes on from save to save."""
    return {version: asyncio.run(replay(version)) for version in VERSIONS}


EACH = [pytest.param(version, one, id=f"{version}-{one['id']}") for version in VERSIONS for one in exchanges(version)]


@pytest.mark.parametrize(("version", "exchange"), EACH)
def test_an_exchange_goes_as_it_was_recorded(answers: Answers, version: str, exchange: dict[str, Any]) -> None:
    recorded, answer = exchange["response"], answers[version][exchange["id"]]

    assert answer.status == recorded["status"]
    assert _headers_unlike(recorded["headers"], answer) == []
    assert _body_unlike(recorded["body"], answer) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_all_exchanges_but_the_listed_ones_are_replayed(answers: Answers, version: str) -> None:
    every = {one["id"] for one in recording(version)["exchanges"]}

    assert len(every) == 177
    assert len(answers[version]) == REPLAYED
    for beginning in NOT_ITS_JOB:
        assert any(one.startswith(beginning) for one in every), f"nothing begins with {beginning}"


def _headers_unlike(recorded: dict[str, str], answer: Answer) -> list[str]:
    found = []
    for name in HEADERS:
        wanted = recorded.get(name)
        if name == "Content-Disposition" and wanted:
            wanted = wanted.encode("latin-1").decode()
        if wanted is not None and answer.headers.get(name) != wanted:
            found.append(f"{name}: {answer.headers.get(name)!r} instead of {wanted!r}")
    if "ETag" in recorded and not re.fullmatch(r'"[0-9a-f]{40}"', answer.headers.get("ETag", "")):
        found.append(f"ETag: {answer.headers.get('ETag')!r} is no SHA-1")
    if "Last-Modified" in recorded and "ETag" in recorded and "Last-Modified" not in answer.headers:
        found.append("Last-Modified is missing")
    if "Location" in recorded and answer.headers.get("Location", "").replace(answer.url, HOST) != recorded["Location"]:
        found.append(f"Location: {answer.headers.get('Location')!r}")
    return found


def _body_unlike(recorded: Any, answer: Answer) -> list[str]:
    if isinstance(recorded, dict) and recorded.keys() == {"bytes", "first16hex"}:
        return [] if len(answer.body) == recorded["bytes"] else [f"{len(answer.body)} bytes"]
    if not isinstance(recorded, str):
        body = answer.body.replace(token_value("teacher_full").encode(), b"TOKEN_issued")
        return differences(recorded, json.loads(body), answer.url)
    if GIBBERISH in recorded:
        return []
    text = answer.body.decode()
    if recorded.startswith("<!DOCTYPE"):
        title = re.search(r"<title>.*?</title>", recorded)
        assert title is not None
        return [] if text.startswith("<!DOCTYPE html>") and title[0] in text else [text]
    if recorded.startswith("<?xml") and "<KEY" in recorded:
        end = '<KEY name="functions">'
        return differences(recorded.partition(end)[0], text.partition(end)[0], answer.url)
    return differences(recorded, text, answer.url)
