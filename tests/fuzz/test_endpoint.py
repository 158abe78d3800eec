"""Whatever comes over the wire: the next call is answered, on this socket or a new one, and nothing breaks inside."""

import asyncio
import io
import itertools
import json
import logging
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import WSMsgType
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from rpc_moodle.app import create_app
from rpc_moodle.methods import METHODS
from rpc_moodle.settings import Settings
from tests.fuzz.budget import fuzz
from tests.fuzz.payloads import JSON, TEXTS
from utils.codec import encode
from utils.testing import running

SOCKET = "/socket.io/?EIO=4&transport="
CALL = '["call",{}]'
COUNTER = itertools.count(1_000_000)

BODIES = st.one_of(
    JSON.map(lambda value: encode(value).text),
    st.builds(lambda name, value: encode([name, value]).text, st.sampled_from(METHODS.events), JSON),
    st.integers(-1, 3).map(lambda number: f'["call",{{"_placeholder":true,"num":{number}}}]'),
    st.integers(1, 3000).map(lambda depth: "[" * depth),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
)
HEADS = st.builds(
    lambda *parts: "".join(parts),
    st.sampled_from(["0", "1", "2", "3", "4", "4", "4", "4", "4", "4", "5", "6", "7", "b", ""]),
    st.sampled_from(["0", "1", "2", "2", "2", "3", "4", "5", "5", "6", "7", "9", "²", ""]),
    st.sampled_from(["", "", "", "0-", "1-", "2-", "999-", "1001-", "99999999999999-", "-1-", "1--"]),
    st.sampled_from(["", "", "", "/,", "/other,", "/admin", "/?x=1,", "/" + "n" * 300 + ","]),
    st.sampled_from(["", "7", "0", "-1", "9" * 50, "9" * 200, "٣"]),
)
PACKETS = st.builds(lambda head, body: head + body, HEADS, BODIES)
FRAMES = st.lists(PACKETS | st.binary(max_size=50), max_size=8)


EXPECTED = (
    "Invalid ",
    "The client is using an unsupported",
    "Socket for session",
    "Unexpected HTTP",
    "accepted origin",
)
"""What the library complains of, once of each kind of wrong request."""


@pytest.fixture
async def url(caplog: pytest.LogCaptureFixture) -> AsyncIterator[str]:
    """A service that must log no error all the while, and neither may the libraries."""
    caplog.set_level(logging.ERROR)
    with capture_logs() as logged:
        async with running(create_app(Settings())) as url:
            yield url
    assert [line for line in logged if line["log_level"] in {"error", "critical"}] == []
    said = [record.getMessage() for record in caplog.get_records("setup") + caplog.get_records("call")]
    assert [text for text in said if not any(known in text for known in EXPECTED)] == []


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


async def works(session: aiohttp.ClientSession, url: str) -> None:
    """Make a call on a socket of its own."""
    async with session.ws_connect(f"{url}{SOCKET}websocket") as socket:
        await socket.send_str("40")
        await socket.send_str(f"421{CALL}")
        while not (await socket.receive_str()).startswith("431["):
            pass


async def answered(socket: aiohttp.ClientWebSocketResponse) -> bool:
    """Whether a call that follows is answered; False when the service has closed the connection instead."""
    number = next(COUNTER)
    try:
        await socket.send_str(f"42{number}{CALL}")
    except ConnectionError:
        return False
    while True:
        message = await socket.receive(timeout=20)
        if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
            return False
        if message.type is WSMsgType.TEXT and message.data.startswith(f"43{number}["):
            return True


@fuzz
@given(connect=st.booleans(), frames=FRAMES)
async def test_frames(url: str, session: aiohttp.ClientSession, connect: bool, frames: list[str | bytes]) -> None:
    async with session.ws_connect(f"{url}{SOCKET}websocket") as socket:
        if connect:
            await socket.send_str("40")
        for frame in frames:
            try:
                await (socket.send_bytes(frame) if isinstance(frame, bytes) else socket.send_str(frame))
            except ConnectionError:
                break
        if not await answered(socket):
            await works(session, url)


@fuzz
@given(bodies=st.lists(st.lists(PACKETS, max_size=4).map("\x1e".join) | st.binary(max_size=50), max_size=4))
async def test_polling_bodies(url: str, session: aiohttp.ClientSession, bodies: list[str | bytes]) -> None:
    async with session.get(f"{url}{SOCKET}polling") as response:
        address = f"{url}{SOCKET}polling&sid={json.loads((await response.text())[1:])['sid']}"
    for body in ["40", *bodies]:
        data = body if isinstance(body, bytes) else body.encode(errors="replace")
        async with session.post(address, data=io.BytesIO(data)) as response:
            assert response.status in {200, 400, 413}
    number = next(COUNTER)
    async with session.post(address, data=f"42{number}{CALL}") as response:
        status = response.status
    while status == 200:
        async with session.get(address) as response:
            status = response.status
            text = await response.text()
        if f"43{number}[" in text or text == "1":
            break
    async with session.post(address, data="1"):
        await works(session, url)


@fuzz
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "OPTIONS", "DELETE"]),
    query=st.dictionaries(
        st.sampled_from(["EIO", "transport", "sid", "j", "t", "b64"]) | TEXTS,
        st.sampled_from(["4", "3", "polling", "websocket", "webtransport", "", "x", "9" * 30]),
        max_size=5,
    ),
    headers=st.dictionaries(
        st.sampled_from(["Upgrade", "Connection", "Origin", "Authorization", "X-Forwarded-Proto", "Content-Type"]),
        st.sampled_from(["websocket", "Upgrade", "keep-alive", "null", "Bearer", "Bearer ", "", "a,b", "ÿ"]),
    ),
)
async def test_handshakes(
    url: str, session: aiohttp.ClientSession, method: str, query: dict[str, str], headers: dict[str, str]
) -> None:
    wanted = {key.encode(errors="replace").decode(): value for key, value in query.items()}
    async with session.request(method, f"{url}/socket.io/", params=wanted, headers=headers) as response:
        assert response.status < 500
    await works(session, url)


@fuzz
@given(st.binary(max_size=200), st.booleans())
async def test_bytes_that_are_no_http(url: str, session: aiohttp.ClientSession, data: bytes, upgrade: bool) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    if upgrade:
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
    writer.write(data)
    writer.write_eof()
    await reader.read()
    writer.close()
    await works(session, url)


HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    b"Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
