"""Whatever a site says, in good JSON or bad, a method answers in the contract's words and gives no secret away."""

from collections.abc import AsyncIterator
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox.examples import EXAMPLES
from rpc_moodle.settings import Settings
from tests.everything import fitting
from tests.fuzz.budget import fuzz
from tests.fuzz.hostile import HostileSite
from tests.fuzz.test_requests import KNOWN
from utils.registry import Method
from utils.testing import FakeCaller


@pytest.fixture
async def site() -> AsyncIterator[HostileSite]:
    async with HostileSite().serving() as hostile:
        yield hostile


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize("method", [*METHODS], ids=lambda method: method.name)
@fuzz
@given(seed=st.integers(0, 2**32))
async def test_no_site_makes_a_method_fail_with_a_bug(method: Method, site: HostileSite, seed: int) -> None:
    site.site.panel.api_key = site.token
    site.random = Random(seed)  # noqa: S311 - a try that can be repeated
    items = [{"extId": userid, "text": "Well argued.", "grade": 50} for userid in (5, 6, 7)]
    payload: dict[str, Any] = {
        **EXAMPLES[method.name].at(site.url),
        "courseID": 2,
        "assignmentID": site.random.choice((8, 9, 11, 12, 13, 14, 15)),
        "feedback": items,
        "grades": items,
        "progressId": "p",
        "options": {"url": site.url, "apiKey": site.token, "timeoutMs": 5_000},
    }
    settings = Settings(allowed_hosts=("127.0.0.1",))
    async with create_http(settings) as http:
        dispatcher = create_dispatcher(settings, http, create_tickets(settings))
        reply = await dispatcher.dispatch(method.name, [fitting(method.name, payload)], FakeCaller())
    assert reply.encoded is not None
    assert reply["success"] or reply["error"]["code"] in KNOWN, reply["message"]
    assert site.token not in reply.encoded.text
