"""Sockets and routes of a service that asks for a token."""

import asyncio
import json
from typing import Any

import aiohttp
import pytest
import socketio

from tests.utils.conftest import Logs, Serve
from tests.utils.raw import RawSocket

TOKEN = "a-token-of-the-operator"
TRANSPORTS = pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids="-".join)


@pytest.fixture
async def url(serve: Serve) -> str:
    return await serve(auth_tokens=f"retired-one, {TOKEN}")


async def call(url: str, transports: list[str], **connection: Any) -> dict[str, Any]:
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(url, transports=transports, **connection)
    try:
        reply: dict[str, Any] = await client.call("add", {"numbers": [1, 2]})
        return reply
    finally:
        await client.disconnect()


@TRANSPORTS
@pytest.mark.parametrize(
    "connection",
    [
        {"auth": {"token": TOKEN}},
        {"auth": {"token": "retired-one"}},
        {"headers": {"Authorization": f"Bearer {TOKEN}"}},
        {"auth": {"token": "wrong"}, "headers": {"Authorization": f"Bearer {TOKEN}"}},
    ],
    ids=["payload", "another-token", "header", "either"],
)
async def test_whoever_shows_a_token_may_call(url: str, transports: list[str], connection: dict[str, Any]) -> None:
    assert (await call(url, transports, **connection))["data"] == 3


@TRANSPORTS
@pytest.mark.parametrize(
    "connection",
    [
        {},
        {"auth": {"token": "wrong"}},
        {"auth": {"token": None}},
        {"auth": {"apiKey": TOKEN}},
        {"auth": [TOKEN]},
        {"auth": {"token": [TOKEN]}},
        {"headers": {"Authorization": TOKEN}},
        {"headers": {"Authorization": "Bearer wrong"}},
    ],
    ids=["nothing", "wrong", "null", "elsewhere", "list", "list-inside", "no-bearer", "wrong-bearer"],
)
async def test_calls_without_a_token_are_answered_and_not_made(
    url: str, transports: list[str], connection: dict[str, Any]
) -> None:
    reply = await call(url, transports, **connection)
    assert (reply["error"]["code"], reply["error"]["retryable"]) == ("unauthorized", False)
    assert "auth payload {token: …}" in reply["message"]


async def test_a_handler_never_runs_for_a_stranger(url: str, logs: Logs) -> None:
    await call(url, ["websocket"])
    assert [(line["method"], line["outcome"]) for line in logs.lines if line["event"] == "call"] == [
        ("add", "unauthorized")
    ]


async def test_no_token_is_logged(url: str, logs: Logs) -> None:
    await call(url, ["polling"], auth={"token": "wrong-5ecret"}, headers={"Authorization": "Bearer wrong-5ecret"})
    await call(url, ["polling"], auth={"token": TOKEN})
    assert any(line["event"] == "unauthorized" and line["remote"] == "127.0.0.1" for line in logs.lines)
    assert "5ecret" not in logs.getvalue()
    assert TOKEN not in logs.getvalue()


async def test_a_socket_may_connect_anew_with_a_token(url: str) -> None:
    async with RawSocket.connected(url) as raw:
        assert not await raw.works()
        await raw.send("41")
        await raw.send(f'40{{"token":"{TOKEN}"}}')
        assert (await raw.receive()).startswith("40{")
        assert await raw.works()
        await raw.send("41")
        await raw.send("40")
        assert (await raw.receive()).startswith("40{")
        assert not await raw.works()


@pytest.mark.parametrize(
    "packet",
    [
        '427["echo","' + "x" * 100_000 + '"]',
        '427["echo",' + "[" * 80_000,
        '451-7["echo",{"_placeholder":true,"num":0}]',
    ],
    ids=["large", "deep", "binary"],
)
async def test_a_strangers_payload_is_answered_without_being_kept(url: str, packet: str) -> None:
    async with RawSocket.connected(url) as raw:
        await raw.send(packet)
        assert (await raw.reply(7))["error"]["code"] == "unauthorized"
        await raw.send(b"attachment")
        await raw.send('428["add"]')
        assert (await raw.reply(8))["error"]["code"] == "unauthorized"


async def test_what_is_found_out_about_a_stranger_is_no_affair_of_others(url: str) -> None:
    async with RawSocket.connected(url) as stranger, RawSocket.connected(url, json.dumps({"token": TOKEN})) as known:
        assert [await raw.works() for raw in (stranger, known, stranger, known)] == [False, True, False, True]


@pytest.mark.parametrize(("path", "status"), [("/healthz", 200), ("/readyz", 200), ("/metrics", 401)])
async def test_routes_tell_strangers_no_details(url: str, path: str, status: int) -> None:
    async with aiohttp.ClientSession() as session, session.get(url + path) as response:
        assert response.status == status
        assert "running" not in await response.text()


@pytest.mark.parametrize("path", ["/readyz", "/metrics"])
async def test_routes_tell_details_to_whoever_has_a_token(url: str, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session, session.get(url + path) as response:
        assert response.status == 200
        assert "running" in await response.text()


async def test_a_service_without_tokens_asks_for_none(serve: Serve) -> None:
    url = await serve()
    replies = await asyncio.gather(call(url, ["websocket"]), call(url, ["websocket"], auth={"token": "any"}))
    assert [reply["data"] for reply in replies] == [3, 3]
