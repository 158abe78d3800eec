"""Packets that no proper client sends: each is answered where it can be, and harms nobody else."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress

import aiohttp
import pytest

from tests.service_process import MOST_BUSY
from tests.utils.conftest import MAX_PAYLOAD, Logs
from tests.utils.raw import HANDSHAKE, RawSocket, frame
from tests.utils.test_lifecycle import process
from utils.server import transports

Connect = Callable[[], Awaitable[RawSocket]]


pytestmark = pytest.mark.usefixtures("hasty_close")


@pytest.mark.parametrize(
    ("packet", "code"),
    [
        ('427["add"]', "invalid_request"),
        ('427["add",null]', "invalid_request"),
        ('427["add","numbers"]', "invalid_request"),
        ('427["add",[1,2]]', "invalid_request"),
        ('427["add",12]', "invalid_request"),
        ('427["add",{"numbers":[1]},{"numbers":[2]}]', "invalid_request"),
        ('427["add",{"numbers":[1', "invalid_request"),
        ('427["add",{"numbers":' + "[" * 50_000, "invalid_request"),
        ('427["add",' + "[" * 2_000 + "]" * 2_000 + "]", "invalid_request"),
        ('427["add",{"numbers":[' + "9" * 5_000 + "]}]", "invalid_request"),
        ("427[]", "invalid_request"),
        ("427{}", "invalid_request"),
        ("427null", "invalid_request"),
        ('427"add"', "invalid_request"),
        ("427", "invalid_request"),
        ("427[1]", "unknown_method"),
        ("427[null,{}]", "unknown_method"),
        ('427[["add"],{}]', "unknown_method"),
        ('427[{"add":1},{}]', "unknown_method"),
        ('427["connect",{},{}]', "unknown_method"),
        ('427["disconnect"]', "unknown_method"),
        ('427["\\ud800"]', "unknown_method"),
        ('42/,7["connect"]', "unknown_method"),
        ('457["add",{"numbers":{"_placeholder":true,"num":0}}]', "invalid_request"),
        ('450-7["add",{"numbers":[]},1]', "invalid_request"),
        ('459999999999-7["add",{"_placeholder":true,"num":0}]', "invalid_request"),
        ('42/other,7["add",{"numbers":[1]}]', "unauthorized"),
    ],
)
async def test_an_event_that_makes_no_sense_is_answered(raw: RawSocket, packet: str, code: str) -> None:
    await raw.send(packet)
    text = await raw.receive()
    assert json.loads(text[text.index("[") :])[0]["error"]["code"] == code
    assert text[: text.index("[")].endswith("7")
    assert await raw.works()


@pytest.mark.parametrize(
    "placeholder",
    ['{"_placeholder":true,"num":1}', '{"_placeholder":true,"num":"x"}', '{"_placeholder":true,"num":null}'],
)
async def test_a_placeholder_without_its_attachment_is_answered(raw: RawSocket, placeholder: str) -> None:
    await raw.send(f'451-7["echo",{placeholder}]')
    await raw.send(b"attachment")
    assert (await raw.reply(7))["error"]["code"] == "invalid_request"
    assert await raw.works()


async def test_a_placeholder_too_deep_to_reach_is_answered(raw: RawSocket) -> None:
    await raw.send('451-7["echo",' + "[" * 1_000 + "]" * 1_000 + "]")
    await raw.send(b"attachment")
    assert "success" in await raw.reply(7)
    assert await raw.works()


async def test_attachments_that_never_come_are_answered_with_the_next_text(raw: RawSocket) -> None:
    await raw.send('452-7["echo",{"_placeholder":true,"num":0}]')
    await raw.send(b"the only one")
    await raw.send('428["add",{"numbers":[1]}]')
    assert (await raw.reply(7))["error"]["code"] == "invalid_request"
    assert (await raw.reply(8))["data"] == 1


@pytest.mark.parametrize(
    "packet",
    [
        "4",
        "4x",
        "47",
        "49[]",
        '4{"a":1}',
        "4[1]",
        '42²["add"]',
        "42" + "1" * 200 + '["add"]',
        "44[]",
        '44"refused"',
        '430["for what?"]',
        "43",
        "431{}",
        "40",
        "40/other,",
        '40{"again":1}',
        b"",
        b'2["add"]',
        b"\xff\xfe",
        "3",
        "6",
    ],
)
async def test_a_packet_that_asks_for_nothing_leaves_the_socket_usable(raw: RawSocket, packet: str | bytes) -> None:
    await raw.send(packet)
    await raw.send('4299["add",{"numbers":[1,2]}]')
    while not (text := await raw.receive()).startswith("43"):
        assert text.startswith("44"), text  # a namespace that is refused
    assert text.startswith('4399[{"success":true,"data":3,')


@pytest.mark.parametrize("packet", ["", "x", "7", "9", "²", "٣", "bAAA", "4" + "[" * 50_000, "3" + "[" * 300, "d=4"])
async def test_what_is_no_engine_io_ends_this_connection_only(connect: Connect, packet: str) -> None:
    broken, other = await connect(), await connect()
    await broken.send(packet)
    assert await broken.receive() in {"CLOSE", "CLOSED"}
    assert await other.works()


async def test_a_message_over_what_is_kept_is_answered_and_the_connection_goes_on(raw: RawSocket) -> None:
    for text in ("x", "ö"):
        await raw.send('427["echo","' + text * 10 * MAX_PAYLOAD + '"]')
        reply = await raw.reply(7)
        assert (reply["error"]["code"], reply["error"]["details"]) == ("too_large", {"limitBytes": MAX_PAYLOAD})
        assert await raw.works()


async def test_an_attachment_over_what_is_kept_is_answered_and_the_connection_goes_on(raw: RawSocket) -> None:
    await raw.send('452-7["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    await raw.send(b"x" * 10 * MAX_PAYLOAD)
    await raw.send(b"y")
    assert (await raw.reply(7))["error"]["code"] == "too_large"
    assert await raw.works()


async def test_a_message_that_nobody_can_wait_for_ends_this_connection_only(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    monkeypatch.setattr(transports, "DROP_BYTES", 10 * MAX_PAYLOAD)
    broken, other = await connect(), await connect()
    with suppress(ConnectionError):
        await broken.send('427["echo","' + "x" * 10 * MAX_PAYLOAD + '"]')
    assert await broken.receive() in {"CLOSE", "CLOSED", "ERROR"}
    assert await other.works()
    assert [line["bytes"] // MAX_PAYLOAD for line in logs.lines if line["event"] == "message_dropped"] == [10]


async def test_a_message_that_never_ends_ends_this_connection_only(
    connect: Connect, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transports, "MESSAGE_SECONDS", 0.01)
    other = await connect()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame('427["echo","' + "x" * 1000)[:-1])
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
    assert await other.works()


async def test_a_namespace_that_is_none_is_refused(raw: RawSocket) -> None:
    await raw.send("40/other,")
    assert (await raw.receive()).startswith("44/other,")
    assert await raw.works()


async def test_unreadable_credentials_are_refused(url: str) -> None:
    async with RawSocket.opened(url) as raw:
        await raw.send('40{"token":')
        assert (await raw.receive()).startswith("44{")


async def test_a_call_before_connecting_is_answered(url: str) -> None:
    async with RawSocket.opened(url) as raw:
        await raw.send('427["add",{"numbers":[1]}]')
        assert (await raw.reply(7))["error"]["code"] == "unauthorized"


def hostile() -> Iterator[tuple[str, str]]:
    """Packets that are large or hard to read, made when they are needed."""
    yield "lists", '427["add",[' + "[]," * 10_000_000 + "[]]]"
    yield "numbers", '427["add",[' + "1," * 15_000_000 + "1]]"
    yield "just enough lists", '427["add",[' + "[]," * 240_000 + "[]]]"
    yield "just enough objects", '427["add",{"numbers":[' + "{}," * 240_000 + "{}]}]"
    yield "a list for the model", '427["add",{"numbers":[' + '"x",' * 490_000 + '"x"]}]'
    yield "keys", '427["add",{' + ",".join(f'"k{number}":1' for number in range(240_000)) + "}]"
    yield "beside attachments", '451-7["add",[' + "[]," * 240_000 + "[]]]"
    yield "text", '427["add","' + "x" * 30_000_000 + '"]'
    yield "brackets", "427" + "[" * 30_000_000


@asynccontextmanager
async def unblocked() -> AsyncIterator[str]:
    """The URL of a calculator in a process of its own, whose event loop must turn all the while."""
    async with process() as (service, url):
        assert service.stderr is not None
        reading = asyncio.create_task(service.stderr.read())  # all along, lest the pipe be full
        try:
            yield url
        finally:
            service.terminate()
            log = await reading
    blocks = [line for line in map(json.loads, log.splitlines()) if line["event"] == "loop_blocked"]
    assert [line for line in blocks if line["busy_ms"] > MOST_BUSY * 1000] == []


async def test_no_payload_keeps_others_waiting() -> None:
    async with unblocked() as url, RawSocket.connected(url) as raw:
        for kind, packet in hostile():
            await raw.send(packet)
            assert (await raw.reply(7))["error"]["code"] in {"too_large", "invalid_request"}, kind
            assert await raw.works(), kind


async def test_many_packets_in_one_request_let_others_have_their_turn() -> None:
    async with unblocked() as url, aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        assert await polling.post("\x1e".join(["420[]"] * 9_999)) == 200
        async with RawSocket.connected(url) as other:
            assert await other.works()
        assert len(await polling.replies(9_999)) == 9_999


class Polling:
    """A polling session, request by request."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self.url = f"{url}/socket.io/?EIO=4&transport=polling"

    async def connect(self) -> None:
        self.url += "&sid=" + json.loads((await self.get())[1:])["sid"]
        assert await self.post("40") == 200
        assert (await self.get()).startswith("40{")

    async def get(self) -> str:
        async with self._session.get(self.url) as response:
            return await response.text()

    async def replies(self, number: int) -> list[str]:
        """Get until so many acknowledgements have come; they alone: a request may bring a ping, or one of them."""
        found: list[str] = []
        while len(found) < number:
            found += [packet for packet in (await self.get()).split("\x1e") if packet.startswith("43")]
        return found

    async def post(self, body: str | bytes) -> int:
        data = body.encode() if isinstance(body, str) else body
        async with self._session.post(self.url, data=io.BytesIO(data)) as response:
            return response.status

    async def closed(self) -> bool:
        async with self._session.get(self.url) as response:
            return response.status == 400 or await response.text() == "1"


async def test_a_large_polling_payload_is_read_whole(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        text = "x" * (MAX_PAYLOAD - 100)
        assert await polling.post(f'427["echo","{text}"]') == 200
        (reply,) = await polling.replies(1)
        assert text in reply


async def test_many_packets_in_one_polling_request_are_all_answered(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        events = (f'42{number}["add",{{"numbers":[{number}]}}]' for number in range(200))
        assert await polling.post("\x1e".join(events)) == 200
        assert len(await polling.replies(200)) == 200


async def test_a_large_packet_of_a_polling_request_is_answered_and_the_others_are_made(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        add = '["add",{"numbers":[1]}]'
        large = '428["echo","' + "ö" * 10 * MAX_PAYLOAD + '"]'
        assert await polling.post(f"427{add}\x1e{large}\x1eb{'A' * 10 * MAX_PAYLOAD}\x1e429{add}") == 200
        replies = "".join(await polling.replies(3))
        assert '437[{"success":true,"data":1,' in replies
        assert "too_large" in replies
        assert '439[{"success":true,"data":1,' in replies


async def test_a_session_that_ends_during_its_request_is_no_error_of_the_service(url: str, logs: Logs) -> None:
    async with aiohttp.ClientSession() as session:
        for body in ("41\x1e1\x1e0", "1\x1e0\x1e4"):
            polling = Polling(session, url)
            await polling.connect()
            assert await polling.post(body) in {200, 400}
        polling = Polling(session, url)
        await polling.connect()
        sending = asyncio.Event()

        async def slowly() -> AsyncIterator[bytes]:
            yield b"4"
            await sending.wait()
            yield b"1"

        headers = {"Content-Length": "2"}
        slow = asyncio.create_task(session.post(polling.url, data=slowly(), headers=headers))
        while await polling.post("6") != 400:  # overlaps, which ends the session
            pass
        sending.set()
        assert (await slow).status == 400
    assert not [line for line in logs.lines if line["level"] == "error"]


@pytest.mark.parametrize("probed", [True, False])
async def test_an_upgrade_that_breaks_off_leaves_polling_usable(url: str, probed: bool) -> None:
    async with aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        async with session.ws_connect(polling.url.replace("transport=polling", "transport=websocket")) as socket:
            if probed:
                await socket.send_str("2probe")
                assert await socket.receive_str() == "3probe"
        assert await polling.post('427["add",{"numbers":[1]}]') == 200
        reply = ""
        while "437[" not in reply:
            reply = await polling.get()
        assert '437[{"success":true,"data":1,' in reply


async def test_what_is_posted_after_the_close_is_refused(url: str) -> None:
    async with aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        assert await polling.post("1") == 200
        assert await polling.post('427["add"]') == 400


@pytest.mark.parametrize("body", ["x", "", "9", "4" + "[" * 50_000 + "\x1e7", "bA", b"\xff", "d=41", "6\x1e" * 10_001])
async def test_a_malformed_polling_request_harms_its_own_session_at_most(url: str, raw: RawSocket, body: str) -> None:
    async with aiohttp.ClientSession() as session:
        polling = Polling(session, url)
        await polling.connect()
        if await polling.post(body) != 200:
            assert await polling.closed()
    assert await raw.works()
