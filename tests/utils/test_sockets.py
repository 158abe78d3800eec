"""Calls over real sockets, by python-socketio's own client."""

import asyncio
from typing import Any

import aiohttp
import pytest
import socketio

from tests.utils.conftest import MAX_PAYLOAD, Logs, Serve


async def test_a_call_gets_its_result(client: socketio.AsyncClient) -> None:
    assert (await client.call("add", {"numbers": [1, 2]}))["data"] == 3


async def test_an_alias_is_the_same_method(client: socketio.AsyncClient) -> None:
    assert (await client.call("plus", {"numbers": [1, 2]}))["data"] == 3


async def test_bytes_arrive_as_bytes(client: socketio.AsyncClient) -> None:
    assert (await client.call("tally", {"numbers": [3, 0, 1]}))["data"] == [b"|||", b"", b"|"]


async def test_bytes_may_be_sent(client: socketio.AsyncClient) -> None:
    payload = {"one": b"\x00\xff", "more": [b"", {"deep": b"x"}]}
    assert (await client.call("echo", payload))["data"] == payload


async def test_many_calls_at_once_are_all_answered(client: socketio.AsyncClient) -> None:
    replies = await asyncio.gather(*(client.call("add", {"numbers": [number]}) for number in range(60)))
    assert [reply["data"] for reply in replies] == list(range(60))


async def test_calls_of_one_socket_run_side_by_side(client: socketio.AsyncClient) -> None:
    confirmed = asyncio.Event()
    asked = asyncio.Event()

    async def confirm(_number: int) -> bool:
        asked.set()
        await confirmed.wait()
        return True

    client.on("confirm", confirm)
    slow = asyncio.create_task(client.call("addAsked", {"numbers": [5]}))
    await asked.wait()
    assert (await client.call("add", {"numbers": [1]}))["data"] == 1
    confirmed.set()
    assert (await slow)["data"] == 5


async def test_progress_comes_on_the_callers_own_socket(client: socketio.AsyncClient) -> None:
    events: list[dict[str, Any]] = []
    client.on("progress", events.append)
    reply = await client.call("addSlowly", {"numbers": [1, 2, 3], "progressId": "p1"})
    assert reply["data"] == 6
    assert events[-1] == {
        "progressId": "p1",
        "method": "addSlowly",
        "done": 3,
        "total": 3,
        "bytes": None,
        "bytesTotal": None,
    }


@pytest.mark.parametrize("event", ["connect", "disconnect", "message", "error", "__proto__", "", "*", "ö" * 500])
async def test_a_lifecycle_name_is_an_unknown_method(client: socketio.AsyncClient, event: str) -> None:
    assert (await client.call(event, {}))["error"]["code"] == "unknown_method"
    assert (await client.call("add", {"numbers": [1]}))["data"] == 1


async def test_a_payload_over_the_limit_is_answered(client: socketio.AsyncClient) -> None:
    reply = await client.call("echo", "x" * MAX_PAYLOAD)
    assert reply["error"]["code"] == "too_large"
    assert str(MAX_PAYLOAD) in reply["message"]
    assert (await client.call("add", {"numbers": [1]}))["data"] == 1


async def test_attachments_over_the_limit_are_answered(client: socketio.AsyncClient) -> None:
    reply = await client.call("echo", [b"x" * (MAX_PAYLOAD // 2)] * 3)
    assert reply["error"]["code"] == "too_large"
    assert (await client.call("add", {"numbers": [1]}))["data"] == 1


async def test_a_payload_just_below_the_limit_is_taken(client: socketio.AsyncClient) -> None:
    payload = "x" * (MAX_PAYLOAD - len('["echo",""]'))
    assert (await client.call("echo", payload))["data"] == payload


async def test_characters_count_as_their_bytes(client: socketio.AsyncClient) -> None:
    # Escaped by the client's own json; counted as sent.
    assert (await client.call("echo", "ö" * (MAX_PAYLOAD // 6)))["error"]["code"] == "too_large"


async def test_a_caller_that_leaves_does_not_stop_its_call(url: str, logs: Logs) -> None:
    client = socketio.AsyncClient(reconnection=False)
    asked = asyncio.Event()

    async def confirm(_number: int) -> bool:
        asked.set()
        await asyncio.Event().wait()
        return True

    client.on("confirm", confirm)
    await client.connect(url, transports=["websocket"])
    call = asyncio.create_task(client.call("addAsked", {"numbers": [1]}))
    await asked.wait()
    call.cancel()
    await client.disconnect()
    async with aiohttp.ClientSession() as session:
        running = 1
        while running:  # the question ends at once, although its ten seconds are not over
            running = (await (await session.get(f"{url}/readyz")).json())["running"]
    assert [line["outcome"] for line in logs.lines if line["event"] == "call"] == ["timeout"]


PAGE = "https://page.example"


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize(
    ("origins", "origin", "status"),
    [
        ("", PAGE, 400),
        ("", None, 200),
        (f"https://other.example, {PAGE}", PAGE, 200),
        (f"https://other.example, {PAGE}", None, 200),
        (PAGE, f"{PAGE}.evil.example", 400),
        (PAGE, PAGE.replace("https", "http"), 400),
        (PAGE, "null", 400),
        ("*", PAGE, 200),
    ],
)
async def test_pages_of_other_origins_connect_only_if_they_are_listed(
    serve: Serve, transport: str, origins: str, origin: str | None, status: int
) -> None:
    address = f"{await serve(cors_origins=origins)}/socket.io/?EIO=4&transport={transport}"
    headers = {"Origin": origin} if origin else {}
    async with aiohttp.ClientSession() as session:
        if transport == "polling":
            async with session.get(address, headers=headers) as response:
                assert response.status == status
                assert response.headers.get("Access-Control-Allow-Origin") == (origin if status == 200 else None)
        elif status == 200:
            async with session.ws_connect(address, headers=headers) as socket:
                assert (await socket.receive_str()).startswith("0{")
        else:
            with pytest.raises(aiohttp.WSServerHandshakeError, match=str(status)):
                await session.ws_connect(address, headers=headers)


async def test_a_websocket_is_not_compressed(url: str) -> None:
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", compress=15) as socket,
    ):
        assert socket.compress == 0
