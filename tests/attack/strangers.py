"""Attacks by those who have no token, on a service that asks for one."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp

from tests.attack.frame import Attack, Family, Scene

TOKEN = "5ecret-of-the-neighbour"
SOCKETS = 2000
FEW_SOCKETS = 300
"""For the seconds that the tests have, still more than there may be strangers."""

LONG = 5.0
CLOSING = aiohttp.ClientWSTimeout(ws_close=0.1)
AT_A_TIME = 100
BODIES = 20
BODY_BYTES = 64 * 2**20
HANDSHAKE = "/socket.io/?EIO=4&transport="
SOMETHING = b"x" * 2**16
UPGRADE = (
    f"GET {HANDSHAKE}websocket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
).encode()


def address(scene: Scene) -> tuple[str, int]:
    """Where the service listens."""
    host, _, port = scene.service.url.removeprefix("http://").partition(":")
    return host, int(port)


@asynccontextmanager
async def connection(scene: Scene) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection(*address(scene))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def many(scene: Scene) -> int:
    """How many sockets to hold at a time."""
    return SOCKETS if scene.seconds >= LONG else FEW_SOCKETS


async def pour(writer: asyncio.StreamWriter) -> None:
    """Send 64 MiB, as far as anyone takes them."""
    for _ in range(BODY_BYTES // len(SOMETHING)):
        if writer.is_closing():
            return
        writer.write(SOMETHING)
        await writer.drain()
        await asyncio.sleep(0)  # for the neighbour, who lives in this process, too


async def by_many(run: Callable[[int], Awaitable[object]], number: int = AT_A_TIME) -> None:
    """Do a thing at many places at a time, each again and again, whatever the service does about it."""

    async def again(place: int) -> None:
        while True:
            with suppress(OSError, aiohttp.ClientError, EOFError, ValueError):
                await run(place)
            await asyncio.sleep(0.01)

    await asyncio.gather(*(again(place) for place in range(number)))


async def sockets_without_a_token(scene: Scene) -> None:
    """WebSockets that stay, and are opened again when they are closed."""

    async def stay(_place: int) -> None:
        async with connection(scene) as (reader, writer):
            writer.write(UPGRADE)
            await reader.read()

    await by_many(stay, many(scene))


async def connections_that_ask_for_nothing(scene: Scene) -> None:
    """As many connections as the system lets one process have, half of them with the beginning of a request."""

    async def stay(place: int) -> None:
        async with connection(scene) as (reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nX: " if place % 2 else b"")
            while await reader.read(1):
                pass

    await by_many(stay, many(scene))


async def session(scene: Scene, client: aiohttp.ClientSession) -> str:
    """Open a socket by polling; the path of its requests."""
    async with client.get(f"{scene.service.url}{HANDSHAKE}polling") as response:
        return f"{HANDSHAKE}polling&sid={json.loads((await response.text())[1:])['sid']}"


async def large_bodies(scene: Scene) -> None:
    """Twenty bodies of 64 MiB at a time."""
    async with aiohttp.ClientSession() as client:

        async def post(_place: int) -> None:
            path = await session(scene, client)
            async with connection(scene) as (_, writer):
                writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {BODY_BYTES}\r\n\r\n4".encode())
                await pour(writer)

        await by_many(post, BODIES)


async def large_messages(scene: Scene) -> None:
    """Twenty WebSocket messages of 64 MiB at a time."""

    async def send(_place: int) -> None:
        async with connection(scene) as (reader, writer):
            writer.write(UPGRADE)
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"\x82\xff" + BODY_BYTES.to_bytes(8, "big") + bytes(4))
            await pour(writer)

    await by_many(send, BODIES)


async def slow_bodies(scene: Scene) -> None:
    """Requests that send a byte now and then."""
    async with aiohttp.ClientSession() as client:

        async def post(_place: int) -> None:
            path = await session(scene, client)
            async with connection(scene) as (_, writer):
                writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n".encode())
                while not writer.is_closing():
                    writer.write(b"4")
                    await writer.drain()
                    await asyncio.sleep(0.1)

        await by_many(post)


async def wrong_tokens(scene: Scene) -> None:
    """Tokens that are guessed, on sockets and at ``/metrics``."""
    async with aiohttp.ClientSession() as client:

        async def guess(place: int) -> None:
            if place % 2:
                headers = {"Authorization": f"Bearer guess-{place}"}
                async with client.get(f"{scene.service.url}/metrics", headers=headers) as response:
                    await response.read()
            else:
                url = f"{scene.service.url}{HANDSHAKE}websocket"
                async with client.ws_connect(url, timeout=CLOSING) as socket:
                    await socket.send_str(f'40{{"token":"guess-{place}"}}')
                    await socket.receive()
                    await socket.receive()

        await by_many(guess)


async def broken_requests(scene: Scene) -> None:
    """Requests that are none, with what should not be logged in them."""

    async def probe(place: int) -> None:
        async with connection(scene) as (reader, writer):
            writer.write(f"GET /?token=probe-{place}\x01 HTTP/1.1\r\nX-Token: probe\0\r\n\r\n".encode())
            await reader.read()

    await by_many(probe)


def descriptors() -> None:
    """Let this process open as many sockets as the attacks need."""
    import resource  # noqa: PLC0415 - Windows has none

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * SOCKETS if hard == resource.RLIM_INFINITY else min(hard, 2 * SOCKETS)
    if resource.getrlimit(resource.RLIMIT_NOFILE)[0] < wanted and Path("/proc").exists():
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def prepared(run: Callable[[Scene], Awaitable[object]]) -> Callable[[Scene], Awaitable[object]]:
    async def with_descriptors(scene: Scene) -> None:
        descriptors()
        await run(scene)

    return with_descriptors


FAMILY = Family(
    "strangers",
    [
        Attack("2,000 sockets without a token", "200 strangers, 10 s each", prepared(sockets_without_a_token)),
        Attack("2,000 silent connections", "10 s each, 1,000 idle ones", prepared(connections_that_ask_for_nothing)),
        Attack("20 bodies of 64 MiB", "64 KiB of a stranger", large_bodies),
        Attack("20 messages of 64 MiB", "64 KiB of a stranger", large_messages),
        Attack("100 slow bodies", "10 s each", slow_bodies),
        Attack("100 guesses at a time", "waits of up to 5 s", wrong_tokens),
        Attack("broken requests", "10 lines a minute", broken_requests),
    ],
    settings={"AUTH_TOKENS": TOKEN},
    token=TOKEN,
)
