from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from rpc_moodle.app import create_dispatcher, create_tickets
from rpc_moodle.moodle import Http
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.settings import Settings
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.testing import call

Call = Callable[..., Awaitable[Envelope]]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def dispatcher() -> AsyncIterator[Dispatcher]:
    async with Http() as http:
        settings = Settings()
        yield create_dispatcher(settings, http, create_tickets(settings))


@pytest.fixture
def ask(sandbox: Sandbox, dispatcher: Dispatcher) -> Call:
    """Call a method in process, with the credentials of one of the sandbox's tokens."""

    async def ask(event: str, token: str = "teacher_care", **payload: Any) -> Envelope:
        return await call(
            dispatcher, event, {"options": {"url": sandbox.url, "apiKey": sandbox.token(token)}, **payload}
        )

    return ask
