"""What an ended socket or an aborted request held is let go at once, not when the collector next looks everywhere."""

import asyncio
import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.utils.calculator import methods
from tests.utils.raw import HANDSHAKE, RawSocket, frame
from tests.utils.test_limits import opened, until
from utils.dispatch import Dispatcher
from utils.server import create_server
from utils.server.lifecycle import SOCKETS
from utils.server.sockets import SocketServer
from utils.settings import KitSettings
from utils.testing import running

MIB = 2**20
TIMES = 5


@pytest.fixture
async def served() -> AsyncIterator[tuple[str, SocketServer]]:
    app = create_server(Dispatcher(methods), KitSettings())
    async with running(app) as url:
        yield url, app[SOCKETS]


@pytest.fixture
def collected_by_hand() -> Iterator[None]:
    gc.collect()
    gc.disable()
    tracemalloc.start()
    yield
    tracemalloc.stop()
    gc.enable()


def held() -> int:
    return tracemalloc.get_traced_memory()[0]


async def gone(server: SocketServer) -> None:
    await until(lambda: not server.eio.sockets and not server.door.peers)
    for _ in range(10):
        await asyncio.sleep(0)


async def post_in_part(url: str, kept: int) -> None:
    """Announce a large request, send a part of it, and break off."""
    async with aiohttp.ClientSession() as session:
        address = await opened(session, url) + "polling"
        await (await session.post(address, data="40")).read()
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        path = address.removeprefix(url)
        writer.write(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {30 * MIB}\r\n\r\n".encode())
        writer.write(b'427["echo","' + bytes(kept))
        await writer.drain()
        writer.close()
        await reader.read()


async def send_in_part(url: str, kept: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    writer.write(HANDSHAKE)
    await reader.readuntil(b"\r\n\r\n")
    writer.write(frame("40"))
    writer.write(frame('427["echo","' + "x" * kept + '"]')[:-1])
    await writer.drain()
    writer.close()
    await reader.read()


async def read_nothing(url: str, kept: int) -> None:
    async with aiohttp.ClientSession() as session:
        address = await opened(session, url) + "polling"
        await (await session.post(address, data="40")).read()
        await (await session.post(address, data=f'427["tally",{{"numbers":[{kept}]}}]')).read()
        await (await session.post(address, data="1")).read()


async def leave_an_attachment_out(url: str, kept: int) -> None:
    async with RawSocket.connected(url) as raw:
        await raw.send('452-7["echo",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
        await raw.send(bytes(kept))


@pytest.mark.parametrize("way", [post_in_part, send_in_part, read_nothing, leave_an_attachment_out])
@pytest.mark.usefixtures("collected_by_hand")
async def test_what_an_ended_socket_held_is_let_go_at_once(served: tuple[str, SocketServer], way: object) -> None:
    assert callable(way)
    url, server = served
    await way(url, 1000)
    await gone(server)
    before = held()
    for _ in range(TIMES):
        await way(url, 10 * MIB)
        await gone(server)
    assert held() - before < 5 * MIB, f"{(held() - before) / MIB:.1f} MiB"
    assert (server.door.incoming.taken, server.door.calls.taken) == (0, 0)


async def test_no_task_outlives_its_socket(served: tuple[str, SocketServer]) -> None:
    url, server = served
    async with aiohttp.ClientSession() as session:
        for _ in range(20):
            await (await session.post(await opened(session, url) + "polling", data="1")).read()
    await gone(server)
    assert len([task for task in asyncio.all_tasks() if "_send_ping" in repr(task)]) == 0
