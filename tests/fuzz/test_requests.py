"""Whatever a method is called with, it answers in the contract's words, never with a bug of its own."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.errors import CODES
from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.sandbox.examples import EXAMPLES
from rpc_moodle.settings import Settings
from tests.fuzz.budget import fuzz
from tests.fuzz.payloads import EVENTS, JSON, payloads
from utils.codec import encode, loads
from utils.dispatch import Dispatcher
from utils.errors import CODES as KIT_CODES
from utils.registry import Method
from utils.testing import FakeCaller

KNOWN = {code.name for code in (*CODES, *KIT_CODES)} - {"internal"}


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def dispatcher() -> AsyncIterator[Dispatcher]:
    settings = Settings(allowed_hosts=("127.0.0.1",))
    async with create_http(settings) as http:
        yield create_dispatcher(settings, http, create_tickets(settings))


def assert_reply(text: str, token: str) -> dict[str, Any]:
    reply: dict[str, Any] = json.loads(text)
    if not reply["success"]:
        assert reply["error"]["code"] in KNOWN, reply
        assert reply["message"] == reply["error"]["message"] != ""
    assert token not in text
    return reply


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize("method", [*METHODS], ids=lambda method: method.name)
@fuzz
@given(data=st.data())
async def test_no_payload_is_too_odd(
    method: Method, sandbox: Sandbox, dispatcher: Dispatcher, data: st.DataObject
) -> None:
    token = sandbox.site.panel.api_key = sandbox.token("teacher_full")
    plausible = {
        "progressId": "p",
        "stream": True,
        "detailed": True,
        "dryRun": True,
        **EXAMPLES[method.name].at(sandbox.url),
        "options": {"url": sandbox.url, "apiKey": token, "timeoutMs": 10_000},
    }
    payload = data.draw(payloads(method, plausible))
    sent = loads(encode(payload).text)
    reply = await dispatcher.dispatch(method.name, [sent], FakeCaller())
    assert reply.encoded is not None
    assert_reply(reply.encoded.text, token)


@fuzz
@given(event=EVENTS, arguments=st.lists(JSON, max_size=3))
async def test_no_event_is_too_odd(dispatcher: Dispatcher, event: object, arguments: list[object]) -> None:
    reply = await dispatcher.dispatch(event, arguments)
    assert reply.encoded is not None
    assert_reply(reply.encoded.text, "no token")
