"""From Socket.IO packets to calls and back: every event that asks for an acknowledgement gets one."""

import asyncio
import itertools
import logging
from collections import Counter
from typing import Any

import socketio
import socketio.packet
import structlog

from utils.auth import Gate, bearer
from utils.dispatch import UNWIND_SECONDS, Dispatcher
from utils.errors import INVALID_REQUEST, RATE_LIMITED, UNAUTHORIZED, RpcError
from utils.server.engine import EngineServer
from utils.server.limits import Sockets
from utils.server.packets import Packet, packet_class
from utils.settings import KitSettings

FLUSH_SECONDS = 5.0
"""How long a stopping service waits for callers to read their last replies."""

CONNECT_SECONDS = 20.0
"""How long a client may stay without being connected to the namespace."""

STRANGER_BYTES = 64 * 1024
"""The largest packet that is read of a caller who has shown no token, and how much may wait to be read by it."""

RETRY_SECONDS = 1


class SocketServer(socketio.AsyncServer):  # type: ignore[misc] # the library has no types
    """A Socket.IO server for the namespace ``/``, whose every event is a call of ``dispatcher``.

    Events never reach the library's own handlers, so that one named ``connect`` or ``disconnect`` is as unknown as any.
    Whoever shows no token that ``gate`` asks for is connected all the same, and each of its calls is answered
    `unauthorized`: a refused connection would leave callers waiting for replies until their own time is up.
    """

    def __init__(self, dispatcher: Dispatcher, settings: KitSettings, gate: Gate) -> None:
        # Below errors both libraries log payloads.
        logger = logging.getLogger("utils.server.library")
        logger.setLevel(logging.ERROR)
        origins = list(settings.cors_origins)
        super().__init__(
            async_mode="aiohttp",
            serializer=packet_class(settings.max_payload_bytes),
            logger=logger,
            engineio_logger=logger,
            http_compression=False,
            # Above the limit of a payload, so that a too large one can be answered; base64 in polling takes 4/3.
            max_http_buffer_size=2 * settings.max_payload_bytes + 1024 * 1024,
            cors_allowed_origins="*" if "*" in origins else origins or None,
        )
        self.eio.limits = Sockets(settings.max_sockets, settings.max_sockets_per_address)
        self._dispatcher = dispatcher
        self._settings = settings
        self._gate = gate
        self._admitted: set[str] = set()
        self._small_packet_class = packet_class(min(STRANGER_BYTES, settings.max_payload_bytes))
        self._calls: Counter[str] = Counter()
        self._log = structlog.get_logger("utils.server")
        self._answering: set[asyncio.Task[None]] = set()
        self._asked: dict[tuple[str, int], asyncio.Future[object]] = {}
        self._ask_ids = itertools.count(1)
        self.on("disconnect", self._disconnected)

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return len(self.eio.sockets)

    def _engineio_server_class(self) -> type[EngineServer]:
        return EngineServer

    async def stop(self, seconds: float) -> None:
        """Refuse new calls, give running ones ``seconds`` to finish, answer the rest, flush replies, close sockets."""
        self._dispatcher.drain()
        if not await self._dispatcher.drained(seconds):
            self._dispatcher.cut_off()
        if self._answering:
            await asyncio.wait(self._answering, timeout=2 * UNWIND_SECONDS)
        await self.eio.stop(FLUSH_SECONDS)

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._expect_connect(eio_sid)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        await super()._handle_eio_disconnect(eio_sid, reason)
        self._admitted.discard(eio_sid)
        self._binary_packet.pop(eio_sid, None)

    def _expect_connect(self, eio_sid: str) -> None:
        """Close the socket unless it is connected to the namespace in a while: nobody knows what it is for."""

        def look() -> None:
            if eio_sid in self.eio.sockets and self.manager.sid_from_eio_sid(eio_sid, "/") is None:
                self._log.info("never_connected")
                self.eio.start_background_task(self.eio.disconnect, eio_sid)

        asyncio.get_running_loop().call_later(CONNECT_SECONDS, look)

    def _is_admitted(self, eio_sid: str) -> bool:
        return not self._gate.closed or eio_sid in self._admitted

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        try:
            await self._receive(eio_sid, data)
        except Exception as error:  # noqa: BLE001 - a malformed packet concerns nobody else
            self._log.info("packet_dropped", reason=type(error).__name__)

    async def _receive(self, eio_sid: str, data: object) -> None:
        pending: Packet | None = self._binary_packet.pop(eio_sid, None)
        if isinstance(data, bytes):
            if pending is None:
                raise ValueError("an attachment of nothing")
            if pending.add_attachment(data):
                await self._accept(eio_sid, pending)
            else:
                self._binary_packet[eio_sid] = pending
            return
        if pending is not None:
            pending.problem = RpcError(INVALID_REQUEST, "The payload lacks attachments that it announced.")
            await self._accept(eio_sid, pending)
        if not isinstance(data, str) or not data:
            raise ValueError("no Socket.IO packet")
        admitted = self._is_admitted(eio_sid)
        packet = (self.packet_class if admitted else self._small_packet_class)(encoded_packet=data)
        binary = packet.packet_type in {socketio.packet.BINARY_EVENT, socketio.packet.BINARY_ACK} and admitted
        if binary and packet.attachment_count and self.manager.sid_from_eio_sid(eio_sid, packet.namespace or "/"):
            self._binary_packet[eio_sid] = packet
        else:
            await self._accept(eio_sid, packet)

    async def _accept(self, eio_sid: str, packet: Packet) -> None:
        namespace = packet.namespace or "/"
        match packet.packet_type:
            case socketio.packet.CONNECT if packet.problem is not None:
                refusal = self.packet_class(
                    socketio.packet.CONNECT_ERROR, data={"message": packet.problem.message}, namespace=namespace
                )
                await self._send_packet(eio_sid, refusal)
            case socketio.packet.CONNECT:
                self._admit(eio_sid, packet.data)
                await self._handle_connect(eio_sid, namespace, packet.data)
            case socketio.packet.DISCONNECT:
                await self._handle_disconnect(eio_sid, namespace, self.reason.CLIENT_DISCONNECT)
            case socketio.packet.EVENT | socketio.packet.BINARY_EVENT:
                self._call(eio_sid, namespace, packet)
            case socketio.packet.ACK | socketio.packet.BINARY_ACK:
                self._acknowledged(eio_sid, namespace, packet)
            case _:
                raise ValueError("no packet for a server")

    def _admit(self, eio_sid: str, auth: object) -> None:
        """Look at what a client shows when it connects: ``auth: {token}``, or a header of its handshake."""
        environ = self.environ.get(eio_sid, {})
        token = auth.get("token") if isinstance(auth, dict) else None
        if self._gate.admits(token, bearer(environ.get("HTTP_AUTHORIZATION"))):
            self._admitted.add(eio_sid)
        else:
            self._admitted.discard(eio_sid)
            self._log.warning("unauthorized", remote=environ["aiohttp.request"].remote if environ else None)

    def _call(self, eio_sid: str, namespace: str, packet: Packet) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        caller = SocketCaller(self, eio_sid, sid) if sid is not None else None
        if not isinstance(packet.data, list) or not packet.data:
            packet.data = [None]
            packet.problem = packet.problem or RpcError(INVALID_REQUEST, "An event is a list: its name, its payload.")
        if caller is None or not caller.connected:
            packet.problem = RpcError(UNAUTHORIZED, "The socket is not connected to this namespace; connect first.")
        elif not self._is_admitted(eio_sid):
            packet.problem = RpcError(
                UNAUTHORIZED,
                "This service asks for a token, and the socket has shown none that it knows: connect with the auth "
                "payload {token: …}, or with the header Authorization: Bearer ….",
            )
        elif self._calls[eio_sid] >= self._settings.max_calls_per_socket:
            packet.problem = RpcError(
                RATE_LIMITED,
                f"This socket has {self._settings.max_calls_per_socket} calls running, which is the limit; wait for "
                "one of them.",
                details={"retryAfter": RETRY_SECONDS},
            )
        task = asyncio.create_task(self._answer(eio_sid, packet, caller))
        self._answering.add(task)
        self._calls[eio_sid] += 1
        task.add_done_callback(lambda task: self._answered(eio_sid, task))

    def _answered(self, eio_sid: str, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        self._calls[eio_sid] -= 1
        if not self._calls[eio_sid]:
            del self._calls[eio_sid]

    async def _answer(self, eio_sid: str, packet: Packet, caller: "SocketCaller | None") -> None:
        event, *arguments = packet.data
        if packet.problem is not None:
            reply = self._dispatcher.refuse(event, packet.problem, caller)
        else:
            reply = await self._dispatcher.dispatch(event, arguments, caller)
        if packet.id is not None:
            ack = self.packet_class(socketio.packet.ACK, namespace=packet.namespace, id=packet.id, data=[reply])
            await self.deliver(eio_sid, ack)

    async def deliver(self, eio_sid: str, packet: Packet) -> None:
        """Queue a packet for a socket; one that has gone is no error, and one that does not read is cut off.

        Nothing in here waits, hence packets of several parts from several calls do not mix.
        """
        if eio_sid not in self.eio.sockets:
            return
        unread = self.eio.unread(eio_sid)
        if unread > (self._settings.max_unread_bytes if self._is_admitted(eio_sid) else STRANGER_BYTES):
            self._log.warning(
                "caller_does_not_read", caller=self.manager.sid_from_eio_sid(eio_sid, "/"), unread_bytes=unread
            )
            await self.eio.cut_off(eio_sid)
            return
        try:
            await self._send_packet(eio_sid, packet)
        except socketio.exceptions.SocketIOError:
            self._log.debug("caller_gone")

    async def ask(self, caller: "SocketCaller", event: str, data: object, seconds: float) -> object:
        """Send an event and wait for its acknowledgement; see :meth:`utils.call.Caller.ask`."""
        if not caller.connected:
            raise TimeoutError("the caller has gone")
        number = next(self._ask_ids)
        key = (caller.id, number)
        self._asked[key] = asyncio.get_running_loop().create_future()
        try:
            packet = self.packet_class(socketio.packet.EVENT, namespace="/", id=number, data=[event, data])
            await self.deliver(caller.eio_sid, packet)
            async with asyncio.timeout(seconds):
                return await self._asked[key]
        finally:
            del self._asked[key]

    def _acknowledged(self, eio_sid: str, namespace: str, packet: Packet) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace)
        answer = self._asked.get((sid, packet.id))
        if answer is not None and not answer.done():
            arguments = packet.data if isinstance(packet.data, list) else []
            answer.set_result(arguments[0] if arguments else None)

    async def _disconnected(self, sid: str, _reason: str) -> None:
        if (eio_sid := self.manager.eio_sid_from_sid(sid, "/")) in self.eio.sockets:
            self._expect_connect(eio_sid)
        for (asked, _), answer in self._asked.items():
            if asked == sid and not answer.done():
                answer.set_exception(TimeoutError("the caller has gone"))


class SocketCaller:
    """The caller at the other end of a socket; a :class:`utils.call.Caller`."""

    def __init__(self, server: SocketServer, eio_sid: str, sid: str) -> None:
        self.id = sid
        self.eio_sid = eio_sid
        self._server = server

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
        return await self._server.ask(self, event, data, timeout)
