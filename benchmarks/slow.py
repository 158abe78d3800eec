"""Callers that call and read nothing: what their replies leave in the memory of a service."""

import asyncio
import itertools
import json
import secrets
import socket
from contextlib import AsyncExitStack

import aiohttp
from cases import Case
from yarl import URL

_HANDSHAKE = (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_AT_A_TIME = 8
_LOOK_SECONDS = 0.05


def _frame(text: str) -> bytes:
    """Write a text as a client's WebSocket frame, masked with zeros."""
    data = text.encode()
    return b"\x81\xff" + len(data).to_bytes(8, "big") + bytes(4) + data


async def _reader(stack: AsyncExitStack, service: URL) -> asyncio.StreamWriter:
    """Connect with buffers so small that hardly anything is taken."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(0)
    await asyncio.get_running_loop().sock_connect(sock, (service.host, service.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    stack.callback(writer.close)
    writer.write(_HANDSHAKE.format(host=service.authority).encode())
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_frame("40"))
    return writer


async def slow(service: str, site: str, case: Case, *, readers: int, calls: int) -> None:
    """Have so many sockets make so many calls each, a few at a time, as running calls take memory of their own.

    Returns when the service has answered or dropped them all.
    """
    async with AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        writers = [await _reader(stack, URL(service)) for _ in range(readers)]
        for number, first in itertools.product(range(calls), range(0, readers, _AT_A_TIME)):
            for writer in writers[first : first + _AT_A_TIME]:
                options = {"url": site, "apiKey": secrets.token_hex(16), "timeoutMs": 120_000}
                writer.write(_frame(f"42{number}" + json.dumps([case.event, {**case.payload, "options": options}])))
            running = True
            while running:
                await asyncio.sleep(_LOOK_SECONDS)
                async with session.get(f"{service}/metrics") as response:
                    running = "\nrpc_calls_running 0.0" not in await response.text()
