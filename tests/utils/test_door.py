"""Strangers have a small place of their own: whatever they do in it, one who has a token gets answered."""

import asyncio
import io
import json
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from pydantic import SecretStr

from tests.utils.conftest import Logs, Serve
from tests.utils.raw import HANDSHAKE, RawSocket, frame
from tests.utils.test_limits import POLLING, becomes, figure, opened
from utils import auth
from utils.auth import Gate, Guesses
from utils.server import connections, limits, sockets, transports
from utils.server.budget import Budget
from utils.server.door import STRANGER_BYTES, STRANGER_CALLS
from utils.server.limits import Sockets
from utils.server.transports import STRANGER_DROP_BYTES

TOKEN = "5ecret-of-a-backend"
TOKENS = (SecretStr(TOKEN),)
AUTH = json.dumps({"token": TOKEN})
pytestmark = pytest.mark.usefixtures("hasty_close")

MIB = 2**20


def opened_by(counted: Sockets, sid: str, where: str, *, stranger: bool = True) -> list[str]:
    return list(counted.opened(sid, where, stranger=stranger))


class TestSockets:
    def test_a_stranger_too_many_takes_the_place_of_the_oldest_of_the_same_address(self) -> None:
        counted = Sockets(10, 10, strangers=3)
        closed = [opened_by(counted, sid, where) for sid, where in (("a", "x"), ("b", "y"), ("c", "y"), ("d", "z"))]
        assert closed == [[], [], [], ["b"]]

    def test_strangers_take_no_place_of_those_who_may_call(self) -> None:
        counted = Sockets(1, 1, strangers=100)
        for number in range(100):
            opened_by(counted, str(number), "x")
        assert counted.problem("x") is None
        assert counted.admitted("7") is None
        assert counted.problem("x") is not None

    def test_a_stranger_is_not_admitted_where_there_is_no_room(self) -> None:
        counted = Sockets(1, 1)
        opened_by(counted, "a", "x", stranger=False)
        opened_by(counted, "b", "x")
        assert counted.admitted("b") is not None
        counted.closed("a")
        assert counted.admitted("b") is None
        assert counted.strangers == 0

    def test_one_that_may_call_no_more_is_a_stranger_again(self) -> None:
        counted = Sockets(1, 1)
        opened_by(counted, "a", "x", stranger=False)
        counted.dismissed("a")
        counted.dismissed("a")
        assert (counted.problem("x"), counted.strangers) == (None, 1)
        counted.closed("a")
        counted.closed("a")
        assert counted.strangers == 0


class TestBudget:
    @pytest.mark.parametrize(
        ("taken", "origin", "amount", "given"),
        [
            ({}, "x", 50, True),
            ({}, "x", 51, False),
            ({"x": 50}, "x", 1, False),
            ({"x": 50}, "y", 50, True),
            ({"x": 50, "y": 40}, "z", 11, False),
            ({"x": 50, "y": 40}, "z", 10, True),
        ],
    )
    def test_an_address_may_have_half(self, taken: dict[str, int], origin: str, amount: int, given: bool) -> None:
        budget = Budget(100)
        for where, much in taken.items():
            assert budget.take(where, much)
        assert budget.take(origin, amount) == given

    def test_what_is_given_back_can_be_taken_again(self) -> None:
        budget = Budget(100)
        assert budget.take("x", 50)
        budget.give("x", 50)
        assert budget.take("x", 50)


class TestGuesses:
    def test_the_first_are_answered_at_once_and_the_others_later_and_later(self) -> None:
        guesses = Guesses(clock=lambda: 0)
        assert [guesses.seconds("x") for _ in range(10)] == [0, 0, 0, 0.25, 0.5, 1, 2, 4, 5, 5]
        assert guesses.seconds("y") == 0
        assert guesses.total == 11

    def test_an_address_that_guesses_no_more_begins_anew(self) -> None:
        now = 0.0
        guesses = Guesses(clock=lambda: now)
        for _ in range(10):
            guesses.seconds("x")
        now = 60.0
        assert guesses.seconds("x") == 0

    async def test_a_wrong_token_waits_for_its_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        waited: list[float] = []

        async def sleep(seconds: float) -> None:
            waited.append(seconds)

        gate = Gate(TOKENS)
        monkeypatch.setattr("asyncio.sleep", sleep)
        assert [await gate.lets_in("192.0.2.1", "guess") for _ in range(6)] == [False] * 6
        assert waited == [0.25, 0.5, 1.0]

    async def test_a_right_token_never_waits_and_nothing_shown_is_no_guess(self) -> None:
        gate = Gate(TOKENS)
        for _ in range(100):
            gate.guesses.seconds("192.0.2.1")
        async with asyncio.timeout(1):
            assert await gate.lets_in("192.0.2.1", TOKEN)
            assert not await gate.lets_in("192.0.2.1", None, "")
        assert gate.guesses.total == 100

    def test_a_token_has_a_name_that_does_not_open(self) -> None:
        gate = Gate(TOKENS)
        name = gate.name(None, TOKEN)
        assert name is not None
        assert name.startswith("token-")
        assert not gate.admits(name.removeprefix("token-"))
        assert gate.name("wrong", None) is None


async def works(url: str) -> bool:
    async with asyncio.timeout(20), RawSocket.connected(url, AUTH) as known:
        return await known.works()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_strangers_sockets_do_not_shut_out_who_has_a_token(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, transport: str
) -> None:
    monkeypatch.setattr(limits, "STRANGERS", 5)
    url = await serve(auth_tokens=TOKENS, max_sockets=3, max_sockets_per_address=3)
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        for _ in range(20):
            if transport == "polling":
                await opened(session, url)
            else:
                await stack.enter_async_context(RawSocket.opened(url))
        assert await works(url)
        assert await figure_of(url, "rpc_strangers") == 4  # the fifth has been admitted


async def figure_of(url: str, name: str) -> float:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{url}/metrics") as response:
        lines = dict(line.rsplit(" ", 1) for line in (await response.text()).splitlines() if not line.startswith("#"))
    return float(lines[name])


async def test_who_shows_a_token_in_the_handshake_is_no_stranger_from_the_start(serve: Serve) -> None:
    url = await serve(auth_tokens=TOKENS, max_sockets=1)
    async with RawSocket.opened(url, headers={"Authorization": f"Bearer {TOKEN}"}):
        assert await figure_of(url, "rpc_strangers") == 0
        async with aiohttp.ClientSession() as session, session.get(url + POLLING) as response:
            assert response.status == 503


async def test_a_socket_that_shows_a_token_where_there_is_no_room_is_told(serve: Serve) -> None:
    url = await serve(auth_tokens=TOKENS, max_sockets=1)
    async with RawSocket.opened(url) as late, RawSocket.connected(url, AUTH) as first:
        await late.send(f"40{AUTH}")
        assert "connections" in await late.receive()
        assert await first.works()


async def test_a_stranger_that_stays_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch, logs: Logs) -> None:
    url = await serve(auth_tokens=TOKENS)
    async with RawSocket.connected(url, AUTH) as known:
        monkeypatch.setattr(sockets, "CONNECT_SECONDS", 2)  # time enough to connect on a busy machine
        async with RawSocket.connected(url) as stranger:
            while await stranger.receive() != "1":
                pass
        assert await known.works()
    assert "stranger_closed" in [line["event"] for line in logs.lines]


async def test_a_stranger_that_goes_on_calling_is_closed_and_leaves_few_lines(serve: Serve, logs: Logs) -> None:
    url = await serve(auth_tokens=TOKENS)
    async with RawSocket.connected(url) as stranger:
        for number in range(STRANGER_CALLS):
            await stranger.send(f'42{number}["add",{{}}]')
            assert (await stranger.reply(number))["error"]["code"] == "unauthorized"
        assert await stranger.receive() == "1"
    assert len([line for line in logs.lines if line["event"] == "call"]) == 1
    assert await figure_of(url, 'rpc_calls_total{method="add",outcome="unauthorized"}') == STRANGER_CALLS


async def test_what_a_stranger_sends_is_read_up_to_64_kib(serve: Serve) -> None:
    url = await serve(auth_tokens=TOKENS)
    async with aiohttp.ClientSession() as session:
        address = await opened(session, url) + "polling"
        async with session.post(address, data=io.BytesIO(bytes(2 * STRANGER_DROP_BYTES))) as response:
            assert response.status == 413
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    with suppress(ConnectionError):
        writer.write(frame("4" + "0" * 2 * STRANGER_DROP_BYTES)[: 3 * STRANGER_BYTES])
        await reader.read()
    writer.close()
    assert await works(url)
    assert await figure_of(url, "rpc_incoming_bytes") == 0


async def test_a_stranger_that_posts_slowly_is_cut_off(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transports, "STRANGER_SECONDS", 0.05)
    url = await serve(auth_tokens=TOKENS)
    async with aiohttp.ClientSession() as session:
        path = (await opened(session, url)).removeprefix(url) + "polling"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n4".encode())
        assert b" 400 " in await reader.readline()
        writer.close()


async def test_wrong_tokens_are_counted_wherever_they_are_shown(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    monkeypatch.setattr(auth, "FIRST_WAIT", 0.001)
    url = await serve(auth_tokens=TOKENS)
    async with RawSocket.opened(url) as raw:
        for number in range(5):
            await raw.send(f'40{{"token":"guess-{number}"}}')
            await raw.receive()
            await raw.send("41")
    headers = {"Authorization": "Bearer guess"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(f"{url}/metrics") as response:
        assert response.status == 401
    assert await figure_of(url, "rpc_wrong_tokens") == 6
    assert "guess" not in logs.getvalue()


async def test_connections_that_ask_for_nothing_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", 0.05)
    url = await serve(auth_tokens=TOKENS)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(b"GET / HTTP/1.1\r\nX: ")
    with suppress(ConnectionError):
        assert await reader.read() == b""
    writer.close()


async def test_connections_that_ask_for_nothing_give_way_to_others(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST_IDLE", 10)
    url = await serve(auth_tokens=TOKENS)
    async with RawSocket.connected(url, AUTH) as known:
        idle = [await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2])) for _ in range(30)]
        assert await works(url)
        assert await known.works()
        with suppress(ConnectionError):
            assert await idle[0][0].read() == b""
        for _, writer in idle:
            writer.close()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_bytes_that_are_coming_in_have_a_limit_for_all(serve: Serve, transport: str) -> None:
    url = await serve(max_incoming_bytes=MIB)
    text = '427["echo","' + "x" * (MIB // 2) + '"]'
    add = '428["add",{"numbers":[1,2]}]'
    if transport == "websocket":
        async with RawSocket.connected(url) as raw:
            await raw.send(text)
            assert (await raw.reply(7))["error"]["code"] == "rate_limited"
            assert await raw.works()
    else:
        async with aiohttp.ClientSession() as session:
            address = await opened(session, url) + "polling"
            await session.post(address, data="40")
            await session.post(address, data=f"{text}\x1e{add}")
            replies = ""
            while "438[" not in replies:
                async with session.get(address) as response:
                    replies += await response.text()
            assert "rate_limited" in replies
    assert await figure(url, "rpc_incoming_bytes") == 0


async def test_running_calls_have_a_limit_for_all(serve: Serve) -> None:
    url = await serve(max_calls=4)
    async with RawSocket.connected(url) as one, RawSocket.connected(url) as other:
        for number in range(2):
            await one.send(f'42{number}["addAsked",{{"numbers":[1]}}]')
            assert "confirm" in await one.receive()
        await other.send('427["add",{"numbers":[1]}]')
        assert (await other.reply(7))["error"]["code"] == "rate_limited"
    async with RawSocket.connected(url) as raw:
        await becomes(url, "rpc_calls_running", 0)
        assert await raw.works()


async def test_what_waits_unread_has_a_limit_for_all(serve: Serve, logs: Logs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("utils.server.sockets.FLUSH_SECONDS", 0.05)  # of the stop, for which nobody reads
    url = await serve(max_unread_bytes_total=20 * MIB)
    async with aiohttp.ClientSession() as session:
        addresses = [await opened(session, url) + "polling" for _ in range(3)]
        for size, address in zip((15, 10, 1), addresses, strict=True):
            await session.post(address, data="40")
            await session.post(address, data=f'427["tally",{{"numbers":[{size * MIB}]}}]')
        async with session.get(addresses[1]) as response:
            assert response.status == 200
        async with session.get(addresses[0]) as response:
            assert response.status == 400
    assert "caller_does_not_read" in [line["event"] for line in logs.lines]


@pytest.mark.parametrize(
    ("origins", "headers", "status"),
    [
        ((), {}, 200),
        ((), {"Origin": "http://evil.example", "Host": "evil.example"}, 400),
        ((), {"Origin": "https://evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}, 400),
        (("https://good.example",), {"Origin": "https://good.example"}, 200),
        (("https://good.example",), {"Origin": "http://evil.example", "Host": "evil.example"}, 400),
        (("*",), {"Origin": "http://evil.example"}, 200),
    ],
)
async def test_no_header_makes_a_page_one_of_ours(
    serve: Serve, origins: tuple[str, ...], headers: dict[str, str], status: int
) -> None:
    url = await serve(cors_origins=origins)
    async with aiohttp.ClientSession() as session, session.get(url + POLLING, headers=headers) as response:
        assert response.status == status
        assert ("Access-Control-Allow-Origin" in response.headers) == (status == 200 and bool(headers))


async def test_jsonp_is_not_spoken(url: str) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{url}{POLLING}&j=0") as response:
        assert response.status == 400
        assert "___eio" not in await response.text()


SECRET = "5ec4e7-of-a-caller"
BROKEN = {
    "short length": b'POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n4["call",{"apiKey":"%s"}]\r\n\r\n',
    "zero byte": b"GET {path} HTTP/1.1\r\nHost: x\r\nX-Token: %s\0\r\n\r\n",
    "oversized": b"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s" + b"x" * 20_000 + b"\r\n\r\n",
    "query": b"GET /?token=%s\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    "query of a session": b"GET /socket.io/?EIO=4&transport=polling&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n",
    "transport": b"GET /socket.io/?EIO=4&transport=%s HTTP/1.1\r\nHost: x\r\n\r\n",
    "origin": b"GET {path} HTTP/1.1\r\nHost: x\r\nOrigin: http://%s\r\n\r\n",
    "method": b"%s / HTTP/1.1\r\nHost: x\r\n\r\n",
    "version": b"GET / HTTP/%s\r\nHost: x\r\n\r\n",
    "chunks": b"POST {path} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n",
    "host": b"GET /healthz HTTP/1.1\r\nHost: %s\r\nHost: %s\r\n\r\n",
}


@pytest.mark.parametrize("request_", BROKEN.values(), ids=BROKEN.keys())
async def test_of_a_broken_request_nothing_is_logged_but_its_kind(url: str, logs: Logs, request_: bytes) -> None:
    async with aiohttp.ClientSession() as session:
        path = (await opened(session, url)).removeprefix(url) + "polling"
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(request_.replace(b"{path}", path.encode()).replace(b"%s", SECRET.encode()))
        writer.write_eof()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
    async with RawSocket.connected(url) as raw:
        assert await raw.works()
    said = logs.getvalue()
    assert SECRET not in said
    assert "Traceback" not in said
    assert [line for line in logs.lines if line["level"] in {"error", "critical"}] == []


async def test_callers_who_have_gone_are_no_mistakes_and_leave_few_lines(logs: Logs) -> None:
    async def nothing(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response()

    loop = asyncio.get_running_loop()
    connection = connections.Connection(web.Server(nothing), connections.Connections(), loop)
    for _ in range(100):
        connection.log_exception("Unhandled exception", exc_info=aiohttp.ClientConnectionResetError("gone"))
    connection.log_exception("Unhandled exception", exc_info=ValueError("a bug"))
    said = [line["event"] for line in logs.lines]
    assert said.count("caller_gone") == 10
    assert said.count("request_failed") == 1


async def test_broken_requests_leave_few_lines_and_their_number(url: str, logs: Logs) -> None:
    for _ in range(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(b"no request\r\n\r\n")
        await reader.read()
        writer.close()
    lines: list[dict[str, Any]] = [line for line in logs.lines if line["event"] == "broken_request"]
    assert len(lines) == 10
    assert {line["remote"] for line in lines} == {"127.0.0.1"}
