from collections.abc import AsyncIterator, Callable

import pytest

from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.sandbox import Sandbox
from rpc_moodle.transport import retry
from rpc_moodle.transport.sites import Limits
from tests.moodle.publishing.lookout import FULL, Lookout

Client = Callable[..., MoodleClient]


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    async with Http(limits=Limits(failures=1000)) as pool:
        yield pool


@pytest.fixture
async def hasty() -> AsyncIterator[Http]:
    """Make a client that gives a request up soon, for sites that hang."""
    async with Http(limits=Limits(failures=1000), total_seconds=0.8, read_seconds=0.6) as pool:
        yield pool


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let requests that failed for a moment fail at once."""
    monkeypatch.setattr(retry, "ATTEMPTS", 1)


@pytest.fixture
def client(sandbox: Sandbox, http: Http) -> Client:
    """Make a client with one of the recordings' tokens, or one that may call the given functions only."""

    def client(token: str = "teacher_full", *, functions: tuple[str, ...] = (), pool: Http = http) -> MoodleClient:
        value = sandbox.token(token)
        if functions:
            value = Lookout(sandbox.site).token_for(functions)
        return MoodleClient(sandbox.url, value, http=pool)

    return client


@pytest.fixture
def moodle(client: Client) -> MoodleClient:
    """Make a client of the teacher's that may call all but Moodle's own form."""
    return client(functions=FULL)


@pytest.fixture
def lookout(sandbox: Sandbox) -> Lookout:
    return Lookout(sandbox.site)
