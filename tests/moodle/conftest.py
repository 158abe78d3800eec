from collections.abc import AsyncIterator, Iterator

import pytest
from aioresponses import aioresponses

from rpc_moodle.moodle import MoodleClient
from tests.support import ResponseWithWriter

SITE = "https://moodle.example.edu"
REST = f"{SITE}/webservice/rest/server.php"
TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[aioresponses]:
    """Answers for the adapter, given without a network."""
    monkeypatch.setattr("aioresponses.core.ClientResponse", ResponseWithWriter)
    with aioresponses() as answers:
        yield answers


@pytest.fixture
async def moodle(site: aioresponses) -> AsyncIterator[MoodleClient]:
    async with MoodleClient(SITE, TOKEN) as client:
        yield client
