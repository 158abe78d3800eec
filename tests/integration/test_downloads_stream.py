"""Files as events on the caller's own socket: any number, any size, and callers that are slow or vanish."""

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

import pytest

from rpc_moodle.app import create_tickets
from rpc_moodle.downloads.links import FileLinks
from rpc_moodle.downloads.reply import DownloadLimits
from rpc_moodle.downloads.stream import CHUNK, UNACKNOWLEDGED
from rpc_moodle.errors import translate
from rpc_moodle.methods import METHODS
from rpc_moodle.moodle import Http
from rpc_moodle.sandbox import Repeated, Sandbox, StoredFile
from rpc_moodle.settings import Settings
from tests.integration.conftest import Logs
from tests.integration.endless import EndlessSite
from tests.moodle.faulty import TOKEN
from utils.client import Client, connected
from utils.dispatch import Dispatcher
from utils.server import create_server
from utils.testing import running

DOWNLOAD = "downloadSubmissionsFromUser"
MIB = 1024 * 1024
PLAIN = TOKEN.get_secret_value()


@pytest.fixture(params=[("websocket",), ("polling",)], ids="-".join)
async def backend(request: pytest.FixtureRequest, service: str) -> AsyncIterator[Client]:
    async with connected(service, transports=request.param) as client:
        yield client


@pytest.fixture
async def impatient(logs: Logs) -> AsyncIterator[str]:
    """A service that waits half a second for an acknowledgement."""
    settings = Settings()
    logs(settings)
    async with Http() as http:
        shared = (http, FileLinks(create_tickets(settings)), DownloadLimits(patience=0.5))
        dispatcher = Dispatcher(METHODS, shared=shared, translate=translate)
        async with running(create_server(dispatcher, settings)) as url:
            yield url


def hand_in(sandbox: Sandbox, files: list[StoredFile]) -> list[str]:
    """Submit files to the first assignment; give their URLs, which carry a plain token."""
    assignment = sandbox.site.by_cmid(8)
    assert assignment is not None
    row = next(iter(assignment.submissions.values()))
    row.files.extend(files)
    token = sandbox.token("teacher_care")
    base = f"{sandbox.url}/webservice/pluginfile.php"
    return [f"{base}{file.url_path(assignment.contextid, row.id)}?token={token}" for file in files]


class Received:
    """What came by ``file`` events; acknowledges each."""

    def __init__(self, client: Client) -> None:
        self.digests: defaultdict[int, Any] = defaultdict(lambda: hashlib.sha1(usedforsecurity=False))
        self.sizes: defaultdict[int, int] = defaultdict(int)
        self.finished: list[int] = []
        self.longest = 0
        client.on("file", self.take)

    async def take(self, part: dict[str, Any]) -> None:
        self.digests[part["index"]].update(part["chunk"])
        self.sizes[part["index"]] += len(part["chunk"])
        self.longest = max(self.longest, len(part["chunk"]))
        if part["last"]:
            self.finished.append(part["index"])


async def test_five_hundred_files_come_in_order(backend: Client, sandbox: Sandbox) -> None:
    files = [StoredFile(f"file {n} #%+ü.pdf", b"%d " % n * n) for n in range(500)]
    received = Received(backend)
    reply = await backend.call(DOWNLOAD, {"fileUrls": hand_in(sandbox, files), "stream": True})
    assert reply["success"], reply["message"]
    assert received.finished == list(range(500))
    assert [received.digests[n].hexdigest() for n in range(500)] == [file.sha1 for file in files]
    assert [(row["filename"], row["size"], row["sha1"]) for row in reply["data"]] == [
        (file.filename, file.size, file.sha1) for file in files
    ]


async def test_a_large_file_comes_in_small_pieces(backend: Client, sandbox: Sandbox) -> None:
    file = StoredFile("film.mp4", Repeated(bytes(range(256)) * 1024, 64 * MIB + 5))
    received = Received(backend)
    reply = await backend.call(DOWNLOAD, {"fileUrls": hand_in(sandbox, [file]), "stream": True})
    assert reply["success"], reply["message"]
    assert received.digests[0].hexdigest() == file.sha1 == reply["data"][0]["sha1"]
    assert received.longest == CHUNK


async def test_other_calls_are_answered_during_a_stream(service: str, sandbox: Sandbox) -> None:
    file = StoredFile("film.mp4", Repeated(bytes(range(256)) * 1024, 32 * MIB))
    async with connected(service, transports=["websocket"]) as client:
        answered = 0
        seen = asyncio.Event()
        client.on("file", lambda _part: seen.set())
        urls = hand_in(sandbox, [file]) * 3
        streaming = asyncio.create_task(client.call(DOWNLOAD, {"fileUrls": urls, "stream": True}))
        await seen.wait()
        while not streaming.done():
            assert (await client.call("call", {}))["data"] == "Hello World!"
            answered += 1
        assert (await streaming)["success"]
    assert answered > 10


async def test_one_callers_five_hundred_files_do_not_hold_up_anothers_one(service: str, sandbox: Sandbox) -> None:
    urls = hand_in(sandbox, [StoredFile(f"{n}.pdf", b"x" * 100_000) for n in range(500)])
    async with connected(service) as many, connected(service) as one:
        begun = asyncio.Event()
        many.on("file", lambda _part: begun.set())
        streaming = asyncio.create_task(many.call(DOWNLOAD, {"fileUrls": urls, "stream": True}))
        await begun.wait()
        assert (await one.call(DOWNLOAD, {"fileUrls": urls[:1]}))["success"]
        assert not streaming.done()
        assert (await streaming)["success"]


async def test_a_caller_that_stops_acknowledging_stops_the_reading_from_the_site(impatient: str) -> None:
    endless = EndlessSite()
    never = asyncio.Event()
    async with endless.serving() as url, connected(impatient, transports=["websocket"]) as client:
        parts: list[Any] = []

        async def take(part: Any) -> None:
            parts.append(part)
            if len(parts) > 10:
                await never.wait()

        client.on("file", take)
        reply = await client.call(DOWNLOAD, {"fileUrls": [f"{url}?token={PLAIN}"], "stream": True})
        async with asyncio.timeout(10):
            await endless.ended.wait()
        never.set()
    assert reply["error"]["code"] == "timeout"
    assert "acknowledged" in reply["message"]
    assert reply["error"]["details"]["done"] == 0
    assert len(parts) == 10 + UNACKNOWLEDGED
    assert endless.sent < 32 * MIB  # all of it in buffers of this process and of the sockets


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_caller_that_vanishes_ends_the_stream(service: str, transport: str) -> None:
    endless = EndlessSite()
    async with endless.serving() as url:
        async with connected(service, transports=[transport]) as client:
            begun = asyncio.Event()
            client.on("file", lambda _part: begun.set())
            payload = {"fileUrls": [f"{url}?token={PLAIN}"], "stream": True}
            streaming = asyncio.create_task(client.call(DOWNLOAD, payload))
            await begun.wait()
        async with asyncio.timeout(10):
            await endless.ended.wait()
        streaming.cancel()


async def test_the_deadline_ends_a_stream_and_says_how_far_it_came(service: str) -> None:
    endless = EndlessSite()
    async with endless.serving() as url, connected(service, transports=["websocket"]) as client:
        Received(client)
        payload = {"fileUrls": [f"{url}?token={PLAIN}"], "stream": True, "options": {"timeoutMs": 300}}
        reply = await client.call(DOWNLOAD, payload)
        async with asyncio.timeout(10):
            await endless.ended.wait()
    assert reply["error"]["code"] == "timeout"
    assert reply["error"]["details"]["bytes"] > 0


async def test_eleven_files_at_once_are_refused_and_the_socket_stays(backend: Client, sandbox: Sandbox) -> None:
    urls = hand_in(sandbox, [StoredFile(f"{n}.pdf", b"x") for n in range(11)])
    refused = await backend.call(DOWNLOAD, {"fileUrls": urls})
    assert refused["error"]["code"] == "too_large"
    assert len((await backend.call(DOWNLOAD, {"fileUrls": urls[:10]}))["data"]) == 10


async def test_more_than_one_reply_holds_is_refused_before_it_is_read(backend: Client, sandbox: Sandbox) -> None:
    huge = StoredFile("huge.bin", Repeated(b"x" * 65536, 20 * 1024 * MIB))
    huge.__dict__["sha1"] = "0" * 40  # nobody reads as far as to notice
    refused = await backend.call(DOWNLOAD, {"fileUrls": hand_in(sandbox, [huge])})
    assert refused["error"]["code"] == "too_large"
