"""A WebSocket client that sends whatever text it is told to, where a proper client would not."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
    b"Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def frame(text: str) -> bytes:
    """Write a text as a client's WebSocket frame, masked with zeros."""
    data = text.encode()
    return b"\x81\xff" + len(data).to_bytes(8, "big") + bytes(4) + data


class RawSocket:
    """A connection to the namespace ``/``."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    @staticmethod
    @asynccontextmanager
    async def opened(url: str, **options: Any) -> AsyncIterator["RawSocket"]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/socket.io/?EIO=4&transport=websocket", **options) as socket,
        ):
            raw = RawSocket(socket)
            assert (await raw.receive()).startswith("0{")
            yield raw

    @staticmethod
    @asynccontextmanager
    async def connected(url: str, auth: str = "", **options: Any) -> AsyncIterator["RawSocket"]:
        async with RawSocket.opened(url, **options) as raw:
            await raw.send(f"40{auth}")
            assert (await raw.receive()).startswith("40{")
            yield raw

    async def send(self, packet: str | bytes) -> None:
        if isinstance(packet, bytes):
            await self._socket.send_bytes(packet)
        else:
            await self._socket.send_str(packet)

    async def receive(self) -> str:
        """Return the next message; a binary or closing one as its type's name."""
        message = await self._socket.receive(timeout=60)
        return message.data if message.type is aiohttp.WSMsgType.TEXT else message.type.name

    async def reply(self, ack_id: int) -> dict[str, Any]:
        """Return the next message, which must be the acknowledgement of ``ack_id``, without its attachments."""
        text = await self.receive()
        head, _, body = text.partition("[")
        assert head == f"43{ack_id}" or head.startswith("46"), text[:100]
        reply: dict[str, Any] = json.loads("[" + body)[0]
        return reply

    async def works(self) -> bool:
        """Whether an ordinary call gets its answer."""
        await self.send('4299["add",{"numbers":[1,2]}]')
        return (await self.reply(99)).get("data") == 3
