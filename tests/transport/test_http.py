"""Requests of any method, in whose name they are, and what they carry; against a server on a real socket."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from rpc_moodle.transport.budget import Budget
from rpc_moodle.transport.errors import OverBudget, PlainHttp, Unreachable
from rpc_moodle.transport.guard import Guard
from rpc_moodle.transport.http import Http
from rpc_moodle.transport.tenant import Tenant
from tests.transport.test_resolver import FakeNames


class Echo:
    """Tells what it was asked; ``/wait`` says nothing until ``go``."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.url = URL()

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/wait":
            await self.go.wait()
        sent = await request.read()
        heads = {name: request.headers.get(name) for name in ("X-API-KEY", "Content-Length", "Transfer-Encoding")}
        return web.json_response({"method": request.method, "body": sent.decode(), **heads})


@asynccontextmanager
async def echo() -> AsyncIterator[Echo]:
    site = Echo()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", site.answer)
    async with TestServer(app) as server:
        site.url = server.make_url("/x")
        yield site


async def pieces() -> AsyncIterator[bytes]:
    yield b"one "
    yield b"two"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
async def test_a_request_has_a_method_headers_and_a_body(method: str) -> None:
    async with (
        echo() as site,
        Http() as http,
        http.request(method, site.url, headers={"X-API-KEY": "k"}, body=b'{"a": 1}') as response,
    ):
        told: dict[str, Any] = await response.json()
    assert (told["method"], told["body"], told["X-API-KEY"]) == (method, '{"a": 1}', "k")


async def test_a_body_can_come_in_pieces_with_or_without_its_length() -> None:
    async with echo() as site, Http() as http:
        async with http.request("POST", site.url, body=pieces()) as response:
            told = await response.json()
        async with http.request("POST", site.url, body=pieces(), headers={"Content-Length": "7"}) as response:
            told_length = await response.json()
    assert told["body"] == told_length["body"] == "one two"
    assert told["Transfer-Encoding"] == "chunked"
    assert (told_length["Content-Length"], told_length["Transfer-Encoding"]) == ("7", None)


async def test_connections_are_counted_by_caller_and_in_all() -> None:
    async with echo() as site, Http(connections=Budget("connections", each=2, total=3)) as http:

        async def ask(caller: str, path: str = "/wait") -> None:
            tenant = Tenant(site.url.origin(), caller.encode(), caller)
            async with http.request("GET", site.url.with_path(path), tenant=tenant):
                pass

        held = [asyncio.create_task(ask("a")) for _ in range(2)]
        await asyncio.sleep(0.01)
        with pytest.raises(OverBudget, match="This caller has 2 connections"):
            await ask("a", "/x")
        await ask("b", "/x")
        held.append(asyncio.create_task(ask("b")))
        await asyncio.sleep(0.01)
        with pytest.raises(OverBudget, match="The service has 3 connections"):
            await ask("c", "/x")
        held[0].cancel()
        await asyncio.gather(held[0], return_exceptions=True)
        await ask("c", "/x")
        site.go.set()
        await asyncio.gather(*held[1:])
        assert not http.sites.counts()["running"]


async def test_a_name_that_does_not_resolve_is_unreachable_and_over_the_budget_of_lookups_is_said_so() -> None:
    async with Http(names=FakeNames([])) as http:
        with pytest.raises(Unreachable, match="does not resolve"):
            async with http.request("GET", URL("https://moodle.example.edu/")):
                pass
        waiting = [
            asyncio.create_task(http.request("GET", URL(f"https://slow{number}.example/")).__aenter__())
            for number in range(16)
        ]
        await asyncio.sleep(0.05)
        with pytest.raises(OverBudget, match="names to look up"):
            async with http.request("GET", URL("https://slow16.example/")):
                pass
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_site_without_tls_is_refused_where_the_operator_says_so() -> None:
    async with echo() as site, Http(guard=Guard(http=False)) as http:
        with pytest.raises(PlainHttp):
            async with http.request("GET", site.url):
                pass
