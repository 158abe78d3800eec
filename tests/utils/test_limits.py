"""What one caller, or many, may ask of a service at a time."""

import asyncio
import io
import json
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp
import pytest
import socketio

from tests.utils.calculator import methods
from tests.utils.conftest import Logs, Serve
from tests.utils.raw import HANDSHAKE, RawSocket, frame
from utils.dispatch import Dispatcher
from utils.origins import origin
from utils.server import create_server, engine, sockets, transports
from utils.server.lifecycle import SOCKETS
from utils.server.outbox import BATCH_BYTES, Outbox, Unread
from utils.settings import KitSettings
from utils.testing import running

POLLING = "/socket.io/?EIO=4&transport=polling"


async def figure(url: str, name: str) -> float:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/metrics") as response:
        lines = dict(line.rsplit(" ", 1) for line in (await response.text()).splitlines() if not line.startswith("#"))
    return float(lines[name])


async def becomes(url: str, name: str, value: float) -> None:
    while await figure(url, name) != value:
        pass


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0)


async def opened(session: aiohttp.ClientSession, url: str) -> str:
    """Open a socket by polling; return the address of its further requests, but for the transport."""
    async with session.get(url + POLLING) as response:
        return f"{url}/socket.io/?EIO=4&sid={json.loads((await response.text())[1:])['sid']}&transport="


async def test_a_call_over_the_limit_of_its_socket_is_answered(serve: Serve) -> None:
    url = await serve(max_calls_per_socket=2)
    client = socketio.AsyncClient(reconnection=False)
    confirmed = asyncio.Event()

    async def confirm(_number: int) -> bool:
        await confirmed.wait()
        return True

    client.on("confirm", confirm)
    await client.connect(url, transports=["websocket"])
    running = [asyncio.create_task(client.call("addAsked", {"numbers": [5]})) for _ in range(2)]
    await becomes(url, "rpc_calls_running", 2)
    reply = await client.call("add", {"numbers": [1]})
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("rate_limited", True)
    assert reply["error"]["details"]["retryAfter"] > 0
    async with RawSocket.connected(url) as other:
        assert await other.works()
    confirmed.set()
    assert [(await call)["data"] for call in running] == [5, 5]
    assert (await client.call("add", {"numbers": [1]}))["data"] == 1
    await client.disconnect()


@pytest.mark.parametrize(
    ("settings", "status"), [({"max_sockets": 2}, 503), ({"max_sockets_per_address": 2}, 429)], ids=["total", "address"]
)
@pytest.mark.parametrize("path", [POLLING, "/socket.io/?EIO=4&transport=websocket"])
async def test_a_socket_too_many_is_refused_until_another_closes(
    serve: Serve, settings: dict[str, Any], status: int, path: str
) -> None:
    url = await serve(**settings)
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        sockets = [await stack.enter_async_context(RawSocket.connected(url)) for _ in range(2)]
        upgrade = {"Connection": "Upgrade", "Upgrade": "websocket"} if path != POLLING else {}
        async with session.get(url + path, headers=upgrade) as response:
            assert response.status == status
            assert "Retry-After" in response.headers
            assert "connections" in (await response.json())["message"]
        assert [await raw.works() for raw in sockets] == [True, True]
    await becomes(url, "rpc_sockets", 0)
    async with RawSocket.connected(url) as raw:
        assert await raw.works()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        (None, "", True),
    ],
)
def test_addresses_that_one_can_have_count_as_one(one: str | None, other: str, same: bool) -> None:
    assert (origin(one) == origin(other)) == same


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_client_that_never_connects_is_closed(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, transport: str, logs: Logs
) -> None:
    monkeypatch.setattr(sockets, "CONNECT_SECONDS", 0.01)
    url = await serve()
    if transport == "websocket":
        async with RawSocket.opened(url) as raw:
            assert await raw.receive() == "1"
    else:
        async with aiohttp.ClientSession() as session:
            await session.get(url + POLLING)
    await becomes(url, "rpc_sockets", 0)
    assert [line["event"] for line in logs.lines if line["event"] == "never_connected"] == ["never_connected"]


async def test_a_client_that_disconnects_and_stays_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    url = await serve()
    async with RawSocket.connected(url) as raw:
        monkeypatch.setattr(sockets, "CONNECT_SECONDS", 0.01)
        await raw.send("41")
        assert await raw.receive() == "1"


async def test_a_client_that_is_connected_stays(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = asyncio.Event()
    monkeypatch.setattr(sockets, "CONNECT_SECONDS", 1)
    url = await serve()
    async with RawSocket.connected(url) as raw:
        asyncio.get_running_loop().call_later(1.2, looked.set)
        await looked.wait()
        assert await raw.works()


@pytest.mark.parametrize("waits_for", ["probe", "upgrade"])
async def test_an_upgrade_that_nobody_finishes_ends(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, waits_for: str
) -> None:
    monkeypatch.setattr(transports, "UPGRADE_SECONDS", 0.01)
    url = await serve()
    async with aiohttp.ClientSession() as session:
        address = await opened(session, url)
        async with session.ws_connect(f"{address}websocket") as socket:
            if waits_for == "upgrade":
                await socket.send_str("2probe")
            while (await socket.receive()).type != aiohttp.WSMsgType.CLOSE:
                pass
        await session.post(f"{address}polling", data="1")


async def test_a_second_upgrade_beside_the_first_is_refused(serve: Serve) -> None:
    url = await serve()
    async with aiohttp.ClientSession() as session:
        address = await opened(session, url)
        async with session.ws_connect(f"{address}websocket"):
            with pytest.raises(aiohttp.WSServerHandshakeError):
                await session.ws_connect(f"{address}websocket")
        await session.post(f"{address}polling", data="1")


async def test_polls_that_overlap_end_the_socket(serve: Serve) -> None:
    url = await serve()
    async with aiohttp.ClientSession() as session:
        address = await opened(session, url)
        polls = [asyncio.create_task(session.get(f"{address}polling")) for _ in range(2)]
        assert sorted([(await poll).status for poll in polls]) == [200, 400]
    await becomes(url, "rpc_sockets", 0)


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_a_caller_that_does_not_read_is_cut_off(serve: Serve, logs: Logs, transport: str) -> None:
    url = await serve(max_unread_bytes=2 * BATCH_BYTES)
    payload = "x" * BATCH_BYTES
    async with aiohttp.ClientSession() as session:
        if transport == "websocket":
            path = "/socket.io/?EIO=4&transport=websocket"
            async with session.ws_connect(url + path, max_msg_size=0) as socket:
                await socket.send_str("40")
                with suppress(ConnectionError):
                    while True:  # the first are taken by the buffers of both systems
                        await socket.send_str('427["tally",{"numbers":[20000000]}]')
        else:
            address = await opened(session, url) + "polling"
            await session.post(address, data="40")
            # In one request, as none is made any more of a socket that has not read half as much.
            await session.post(address, data=io.BytesIO("\x1e".join([f'427["echo","{payload}"]'] * 5).encode()))
        await becomes(url, "rpc_sockets", 0)
    (line,) = [line for line in logs.lines if line["event"] == "caller_does_not_read"]
    assert line["unread_bytes"] > 2 * BATCH_BYTES


async def test_what_is_being_written_to_many_who_read_nothing_counts_as_well(serve: Serve, logs: Logs) -> None:
    """Each has a single reply, which no queue holds any more."""
    url = await serve(max_unread_bytes_total=12_000_000)
    host, port = url.removeprefix("http://").split(":")
    async with AsyncExitStack() as stack:
        for _ in range(6):
            reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
            stack.callback(writer.close)
            writer.write(HANDSHAKE)
            await reader.readuntil(b"\r\n\r\n")
            for text in ("40", '421["tally",{"numbers":[10000000]}]'):
                writer.write(frame(text))
        await until(lambda: any(line["event"] == "caller_does_not_read" for line in logs.lines))
        assert await figure(url, "rpc_unread_bytes") < 12_000_000 + 2 * 10_000_000


async def test_a_connection_that_reads_nothing_does_not_outlive_its_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "ABORT_SECONDS", 0.01)
    app = create_server(Dispatcher(methods), KitSettings())
    async with running(app) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        for text in ("40", '421["tally",{"numbers":[20000000]}]'):
            writer.write(frame(text))
        await until(lambda: app[SOCKETS].eio.unread(*app[SOCKETS].eio.sockets) > 20_000_000)
        writer.write(frame("41"))
        monkeypatch.setattr(sockets, "CONNECT_SECONDS", 0.01)
        await until(lambda: not app[SOCKETS].eio._websockets)
        writer.close()


class Packet:
    def __init__(self, data: object) -> None:
        self.data = data


async def test_what_waits_is_counted_and_handed_out_in_batches() -> None:
    outbox = Outbox(Unread())
    packets = [Packet("x" * BATCH_BYTES), Packet(b"y" * BATCH_BYTES), Packet({"sid": 1})]
    for packet in packets:
        outbox.put_nowait(packet)
    assert outbox.bytes > 2 * BATCH_BYTES
    assert await outbox.get() is packets[0]
    with pytest.raises(asyncio.QueueEmpty):
        outbox.get_nowait()
    assert await outbox.get() is packets[1]
    assert BATCH_BYTES < outbox.bytes < 2 * BATCH_BYTES  # what is being written lies in memory as well
    assert await outbox.get() is packets[2]
    assert 0 < outbox.bytes < BATCH_BYTES
    packets.append(Packet("last"))
    asyncio.get_running_loop().call_soon(outbox.put_nowait, packets[3])
    assert await outbox.get() is packets[3]
    outbox.clear()
    assert outbox.bytes == 0


async def test_what_is_dropped_is_waited_for_no_more() -> None:
    outbox = Outbox(Unread())
    outbox.put_nowait(Packet("x"))
    outbox.put_nowait(None)
    outbox.clear()
    await outbox.join()
    assert outbox.bytes == 0
