"""A service of this project before a live site, which the environment names: ``MOODLE_URL``, ``IDS``."""

import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rpc_moodle.app import create_app
from rpc_moodle.settings import Settings
from utils.client import Client, connected
from utils.contract import Envelope
from utils.server import listening

Ask = Callable[..., Awaitable[Envelope]]
"""Call an event as an account: ``await ask("getUsersFromCourse", courseID=2)``."""


class Ids:
    """What the live site holds, out of the file ``IDS``; a promise that needs what it does not name is skipped."""

    def __init__(self, known: dict[str, Any]) -> None:
        """Take the file's content."""
        self._known = known

    def number(self, *path: str) -> int:
        """Return an id by the keys that lead to it."""
        found: Any = self._known
        for key in path:
            if not isinstance(found, dict) or key not in found:
                pytest.skip(f"IDS names no {'.'.join(path)}")
            found = found[key]
        return int(found)

    def where(self, assignment: str) -> dict[str, Any]:
        """Return course and assignment as a payload has them."""
        return {"courseID": self.number("course"), "assignmentID": self.number("assign", assignment, "cmid")}

    def token(self, account: str) -> str:
        """Return an account's token."""
        found = self._known.get("tokens", {}).get(account)
        if found is None:
            pytest.skip(f"IDS names no tokens.{account}")
        return str(found)


@pytest.fixture(scope="session")
def ids() -> Ids:
    return Ids(json.loads(Path(os.environ["IDS"]).read_text(encoding="utf-8")))


@pytest.fixture
def site() -> str:
    return os.environ["MOODLE_URL"]


@pytest.fixture
async def service() -> AsyncIterator[str]:
    async with listening(create_app(Settings(allow_private=True)), host="127.0.0.1", port=0) as url:
        yield url


@pytest.fixture
async def backend(service: str) -> AsyncIterator[Client]:
    async with connected(service) as client:
        yield client


@pytest.fixture
def ask(backend: Client, ids: Ids, site: str) -> Ask:
    async def asked(event: str, token: str = "teacher_more", **payload: Any) -> Envelope:
        options = {"url": site, "apiKey": ids.token(token), **payload.pop("options", {})}
        return await backend.call(event, {**payload, "options": options}, seconds=120)

    return asked


async def data(ask: Ask, event: str, token: str = "teacher_more", **payload: Any) -> Any:
    """Call an event and return its data; a refusal fails the test with its sentence."""
    reply = await ask(event, token, **payload)
    assert reply["success"], (reply["error"]["code"], reply["message"])
    return reply["data"]


Measured = Callable[[str, object], None]
"""pytest's ``record_property``: with the name ``measured``, what the table says beside the promise."""
