"""From Socket.IO packets to calls and back: every event that asks for an acknowledgement gets one."""

import asyncio
from typing import Any

import socketio
import socketio.packet
import structlog
from structlog.contextvars import bound_contextvars

from utils.auth import Gate
from utils.dispatch import UNWIND_SECONDS, Dispatcher
from utils.errors import INVALID_REQUEST, RATE_LIMITED, UNAUTHORIZED, RpcError
from utils.logs import Seldom
from utils.server.callers import Questions, SocketCaller
from utils.server.door import STRANGER_BYTES, STRANGER_CALLS, Door, Peer
from utils.server.engine import EngineServer
from utils.server.frames import Arrival
from utils.server.library_log import library_logger
from utils.server.packets import Packet, packet_class
from utils.settings import KitSettings

FLUSH_SECONDS = 5.0
"""How long a stopping service waits for callers to read their last replies."""

CONNECT_SECONDS = 10.0
"""How long a client may stay without being connected to the namespace, and without a token where one is asked for."""

RETRY_SECONDS = 1


class SocketServer(socketio.AsyncServer):  # type: ignore[misc] # the library has no types
    """A Socket.IO server for the namespace ``/``, whose every event is a call of ``dispatcher``.

    Events never reach the library's own handlers, so that one named ``connect`` or ``disconnect`` is as unknown as any.
    Whoever shows no token that ``gate`` asks for is connected all the same, and each of its calls is answered
    `unauthorized`: a refused connection would leave callers waiting for replies until their own time is up.
    """

    def __init__(self, dispatcher: Dispatcher, settings: KitSettings, gate: Gate) -> None:
        logger = library_logger()
        origins = settings.cors_origins
        super().__init__(
            async_mode="aiohttp",
            serializer=packet_class(settings.max_payload_bytes),
            logger=logger,
            engineio_logger=logger,
            http_compression=False,
            # Above the limit of a payload, so that a too large one can be answered; base64 in polling takes 4/3.
            max_http_buffer_size=2 * settings.max_payload_bytes + 1024 * 1024,
            # Without any, the library would let in the origin that the request itself calls its host.
            cors_allowed_origins="*" if "*" in origins else lambda origin, _environ: origin in origins,
        )
        self.door = self.eio.door = Door(gate, settings)
        self._dispatcher = dispatcher
        self._settings = settings
        self._small_packet_class = packet_class(min(STRANGER_BYTES, settings.max_payload_bytes))
        self._log = structlog.get_logger("utils.server")
        self._seldom = Seldom("utils.server")
        self._answering: set[asyncio.Task[None]] = set()
        self._questions = Questions()
        self._pending: dict[str, Packet] = {}
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
        peer, pending = self.door.peers.get(eio_sid), self._pending.pop(eio_sid, None)
        if pending is not None and peer is not None:
            peer.give(pending.kept)

    def _expect_connect(self, eio_sid: str) -> None:
        """Close the socket unless it may call in a while: nobody knows what it is for."""

        def look() -> None:
            peer = self.door.peers.get(eio_sid)
            connected = self.manager.sid_from_eio_sid(eio_sid, "/") is not None
            if peer is not None and not (connected and peer.admitted):
                self._seldom.info("never_connected" if not connected else "stranger_closed", remote=peer.remote)
                self.eio.start_background_task(self.eio.disconnect, eio_sid)

        asyncio.get_running_loop().call_later(CONNECT_SECONDS, look)

    async def _handle_eio_message(self, eio_sid: str, data: object, arrival: Arrival) -> None:
        peer = self.door.peers.get(eio_sid)
        if peer is None:
            return
        try:
            await self._receive(eio_sid, peer, data, arrival)
        except Exception as error:  # noqa: BLE001 - a malformed packet concerns nobody else
            self._seldom.info("packet_dropped", reason=type(error).__name__)

    async def _receive(self, eio_sid: str, peer: Peer, data: object, arrival: Arrival) -> None:
        pending = self._pending.pop(eio_sid, None)
        if isinstance(data, bytes):
            if pending is None:
                peer.give(arrival.kept)
                raise ValueError("an attachment of nothing")
            pending.kept += arrival.kept
            pending.problem = pending.problem or arrival.problem
            if pending.add_attachment(data if pending.problem is None else b""):
                await self._accept(eio_sid, peer, pending)
            else:
                self._pending[eio_sid] = pending
            return
        if pending is not None:
            pending.problem = RpcError(INVALID_REQUEST, "The payload lacks attachments that it announced.")
            await self._accept(eio_sid, peer, pending)
        try:
            if not isinstance(data, str) or not data:
                raise ValueError("no Socket.IO packet")
            packet = (self.packet_class if peer.admitted else self._small_packet_class)(encoded_packet=data)
        except Exception:
            peer.give(arrival.kept)
            raise
        packet.kept = arrival.kept
        packet.problem = arrival.problem or packet.problem
        binary = packet.packet_type in {socketio.packet.BINARY_EVENT, socketio.packet.BINARY_ACK} and peer.admitted
        if binary and packet.attachment_count and self.manager.sid_from_eio_sid(eio_sid, packet.namespace or "/"):
            self._pending[eio_sid] = packet
        else:
            await self._accept(eio_sid, peer, packet)

    async def _accept(self, eio_sid: str, peer: Peer, packet: Packet) -> None:
        if packet.packet_type in {socketio.packet.EVENT, socketio.packet.BINARY_EVENT}:
            self._call(eio_sid, peer, packet)  # which gives back what it holds when it has been answered
            return
        peer.give(packet.kept)
        namespace = packet.namespace or "/"
        match packet.packet_type:
            case socketio.packet.CONNECT if packet.problem is not None:
                await self._refuse(eio_sid, namespace, packet.problem.message)
            case socketio.packet.CONNECT:
                await self._connect(eio_sid, peer, namespace, packet.data)
            case socketio.packet.DISCONNECT:
                await self._handle_disconnect(eio_sid, namespace, self.reason.CLIENT_DISCONNECT)
            case socketio.packet.ACK | socketio.packet.BINARY_ACK:
                self._questions.acknowledged(self.manager.sid_from_eio_sid(eio_sid, namespace), packet)
            case _:
                raise ValueError("no packet for a server")

    async def _connect(self, eio_sid: str, peer: Peer, namespace: str, auth: object) -> None:
        problem = await self.door.shown(eio_sid, auth, self.environ.get(eio_sid, {}))
        if eio_sid not in self.door.peers:
            return
        if problem is not None:
            await self._refuse(eio_sid, namespace, problem)
            return
        if not peer.admitted:
            self._seldom.warning("unauthorized", remote=peer.remote)
        await self._handle_connect(eio_sid, namespace, auth)

    async def _refuse(self, eio_sid: str, namespace: str, message: str) -> None:
        data = {"message": message}
        await self._send_packet(
            eio_sid, self.packet_class(socketio.packet.CONNECT_ERROR, data=data, namespace=namespace)
        )

    def _call(self, eio_sid: str, peer: Peer, packet: Packet) -> None:
        sid = self.manager.sid_from_eio_sid(eio_sid, packet.namespace or "/")
        caller = SocketCaller(self, self._questions, eio_sid, sid) if sid is not None else None
        if not isinstance(packet.data, list) or not packet.data:
            packet.data = [None]
            packet.problem = packet.problem or RpcError(INVALID_REQUEST, "An event is a list: its name, its payload.")
        if caller is None or not caller.connected:
            packet.problem = RpcError(UNAUTHORIZED, "The socket is not connected to this namespace; connect first.")
        elif not peer.admitted:
            packet.problem = RpcError(
                UNAUTHORIZED,
                "This service asks for a token, and the socket has shown none that it knows: connect with the auth "
                "payload {token: …}, or with the header Authorization: Bearer ….",
            )
        limited = packet.problem is None
        if limited and (reason := self._no_room(eio_sid, peer)) is not None:
            limited = False
            packet.problem = RpcError(RATE_LIMITED, reason, details={"retryAfter": RETRY_SECONDS})
        task = asyncio.create_task(self._answer(eio_sid, peer, packet, caller))
        self._answering.add(task)
        peer.calls += 1

        def answered(task: asyncio.Task[None]) -> None:
            self._answering.discard(task)
            peer.calls -= 1
            peer.give(packet.kept)
            if limited:
                self.door.calls.give(peer.origin, 1)

        task.add_done_callback(answered)

    def _no_room(self, eio_sid: str, peer: Peer) -> str | None:
        """Say why one call more of a socket is not made; else it has been counted."""
        if peer.calls >= self._settings.max_calls_per_socket:
            return (
                f"This socket has {self._settings.max_calls_per_socket} calls running, which is the limit; wait for "
                "one of them."
            )
        if self.eio.unread(eio_sid) > self._settings.max_unread_bytes // 2:
            return "This socket has not read the replies to earlier calls; read them, and call again."
        if not self.door.calls.take(peer.origin, 1):
            return (
                f"The service has {self.door.calls.total} calls running, or half of them from this address, which is "
                "the limit; call again later."
            )
        return None

    async def _answer(self, eio_sid: str, peer: Peer, packet: Packet, caller: SocketCaller | None) -> None:
        event, *arguments = packet.data
        if packet.problem is not None:
            strange = packet.problem.code is UNAUTHORIZED
            reply = self._dispatcher.refuse(event, packet.problem, caller, quiet=strange and peer.refused > 0)
            peer.refused += strange
        else:
            packet.data = None
            with bound_contextvars(by=peer.name):
                reply = await self._dispatcher.dispatch(event, arguments, caller)
        if packet.id is not None:
            ack = self.packet_class(socketio.packet.ACK, namespace=packet.namespace, id=packet.id, data=[reply])
            await self.deliver(eio_sid, ack)
        if peer.refused >= STRANGER_CALLS and not peer.admitted:
            await self.eio.disconnect(eio_sid)

    async def deliver(self, eio_sid: str, packet: Packet) -> None:
        """Queue a packet for a socket; one that has gone is no error, and one that does not read is cut off.

        Nothing in here waits, hence packets of several parts from several calls do not mix.
        """
        peer = self.door.peers.get(eio_sid)
        if peer is None or eio_sid not in self.eio.sockets:
            return
        unread = self.eio.unread(eio_sid)
        if unread > (self._settings.max_unread_bytes if peer.admitted else STRANGER_BYTES):
            await self._cut_off(eio_sid)
            return
        if self.eio.waiting.bytes > self._settings.max_unread_bytes_total:
            most = max(self.eio.sockets, key=self.eio.unread)
            await self._cut_off(most)
            if most == eio_sid:
                return
        try:
            await self._send_packet(eio_sid, packet)
        except socketio.exceptions.SocketIOError:
            self._log.debug("caller_gone")

    async def _cut_off(self, eio_sid: str) -> None:
        caller, unread = self.manager.sid_from_eio_sid(eio_sid, "/"), self.eio.unread(eio_sid)
        self._seldom.warning("caller_does_not_read", caller=caller, unread_bytes=unread)
        await self.eio.cut_off(eio_sid)

    async def _disconnected(self, sid: str, _reason: str) -> None:
        if (eio_sid := self.manager.eio_sid_from_sid(sid, "/")) in self.eio.sockets:
            self._expect_connect(eio_sid)
        self._questions.gone(sid)
