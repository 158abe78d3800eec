"""The sandbox answers the wider client as the recorded real sites did."""

import asyncio
import json
from typing import Any

import pytest

from tests.contract.compare import differences
from tests.contract.replay import Answer
from tests.contract.wider import NOT_REPLAYED, exchanges, replay, replayed
from tests.support import VERSIONS

Answers = dict[str, dict[str, Answer]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    return {version: asyncio.run(replay(version)) for version in VERSIONS}


EACH = [pytest.param(version, one, id=f"{version}-{one['id']}") for version in VERSIONS for one in replayed(version)]


@pytest.mark.parametrize(("version", "exchange"), EACH)
def test_an_exchange_goes_as_it_was_recorded(answers: Answers, version: str, exchange: dict[str, Any]) -> None:
    answer, recorded = answers[version][exchange["id"]], exchange["response"]

    assert answer.status == recorded["status"]
    assert answer.headers["Content-Type"] == recorded["headers"]["Content-Type"]
    if isinstance(recorded["body"], str):
        start, _, _ = recorded["body"].partition("Lorem ipsum")
        assert answer.body.decode().startswith(start)
    else:
        body, wanted = (_without_drafts(each) for each in (json.loads(answer.body), recorded["body"]))
        assert differences(wanted, body, answer.url) == []


def _without_drafts(value: Any) -> Any:
    """Take out the numbers of draft areas, which Moodle draws by lot."""
    if isinstance(value, dict):
        return {
            key: "DRAFT" if key == "itemid" and each > 10**6 else _without_drafts(each) for key, each in value.items()
        }
    return [_without_drafts(each) for each in value] if isinstance(value, list) else value


@pytest.mark.parametrize("version", VERSIONS)
def test_all_exchanges_but_the_listed_ones_are_replayed(answers: Answers, version: str) -> None:
    every = {one["id"] for one in exchanges(version)}

    assert len(every) == 151
    assert len(answers[version]) == 128
    for beginning in NOT_REPLAYED:
        assert any(one.startswith(beginning) for one in every), f"nothing begins with {beginning}"
