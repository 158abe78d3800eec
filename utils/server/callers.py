"""The caller at the other end of a socket: what is emitted to it, and what it is asked."""

import asyncio
import itertools
from typing import Any, Protocol

import socketio.packet

from utils.server.packets import Packet


class Server(Protocol):
    """What carries packets to a socket."""

    manager: Any
    packet_class: type[Packet]

    async def deliver(self, eio_sid: str, packet: Packet) -> None:
        """Queue a packet for a socket; one that has gone is no error."""


class Questions:
    """What sockets have been asked and have not acknowledged."""

    def __init__(self) -> None:
        """Start with nothing asked."""
        self._asked: dict[tuple[str, int], asyncio.Future[object]] = {}
        self._ids = itertools.count(1)

    async def ask(self, server: Server, caller: "SocketCaller", event: str, data: object, seconds: float) -> object:
        """Send an event and wait for its acknowledgement; see :meth:`utils.call.Caller.ask`."""
        if not caller.connected:
            raise TimeoutError("the caller has gone")
        number = next(self._ids)
        key = (caller.id, number)
        self._asked[key] = asyncio.get_running_loop().create_future()
        try:
            packet = server.packet_class(socketio.packet.EVENT, namespace="/", id=number, data=[event, data])
            await server.deliver(caller.eio_sid, packet)
            async with asyncio.timeout(seconds):
                return await self._asked[key]
        finally:
            del self._asked[key]

    def acknowledged(self, sid: str, packet: Packet) -> None:
        """Take an acknowledgement, unless nobody waits for it."""
        answer = self._asked.get((sid, packet.id))
        if answer is not None and not answer.done():
            arguments = packet.data if isinstance(packet.data, list) else []
            answer.set_result(arguments[0] if arguments else None)

    def gone(self, sid: str) -> None:
        """Let nobody wait for a socket that has gone."""
        for (asked, _), answer in self._asked.items():
            if asked == sid and not answer.done():
                answer.set_exception(TimeoutError("the caller has gone"))


class SocketCaller:
    """The caller at the other end of a socket; a :class:`utils.call.Caller`."""

    def __init__(self, server: Server, questions: Questions, eio_sid: str, sid: str) -> None:
        self.id = sid
        self.eio_sid = eio_sid
        self._server = server
        self._questions = questions

    @property
    def connected(self) -> bool:
        """Whether the socket is still there."""
        return bool(self._server.manager.is_connected(self.id, "/"))

    async def emit(self, event: str, data: object) -> None:
        """Send an event; does nothing when the socket has gone."""
        if self.connected:
            packet: Any = self._server.packet_class(socketio.packet.EVENT, namespace="/", data=[event, data])
            await self._server.deliver(self.eio_sid, packet)

    async def ask(self, event: str, data: object, timeout: float) -> object:  # noqa: ASYNC109 - as Caller has it
        """Send an event and return its acknowledgement; raises TimeoutError, at once for a socket that has gone."""
        return await self._questions.ask(self._server, self, event, data, timeout)
