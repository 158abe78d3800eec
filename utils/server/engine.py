"""Engine.IO, corrected where python-engineio loses requests, compresses, or leaves broken sockets behind."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any

import engineio
from aiohttp import web
from engineio.async_socket import AsyncSocket
from engineio.packet import PING, Packet
from engineio.payload import Payload

from utils.logs import Seldom
from utils.server.bodies import MAX_PACKETS
from utils.server.door import Door, Peer
from utils.server.frames import Arrival
from utils.server.outbox import Outbox, Unread
from utils.server.packets import Message, Text
from utils.server.transports import WebSocket, Whole, most, read_body

CLOSE_SECONDS = 1.0
"""How long a polling client, once it has read its replies, may take to learn that the socket is closed."""

ABORT_SECONDS = 5.0
"""How long a client that has been disconnected may take to read the rest before its connection is cut."""

MESSAGES_A_TURN = 50
"""Messages that are taken before others get their turn: ten thousand can come in one request."""


class EngineServer(engineio.AsyncServer):  # type: ignore[misc] # the library has no types
    """An Engine.IO server whose broken sockets end at once and alone, and which can be stopped without loss.

    ``door`` has to be set before it serves.
    """

    _async: dict[str, Any]
    door: Door

    def __init__(self, **options: Any) -> None:
        """Take the options of :class:`engineio.AsyncServer`."""
        self.waiting = Unread()
        super().__init__(**options)
        self._log = Seldom("utils.server")
        self._messages = 0
        self._requests: dict[tuple[str, str], web.Request] = {}
        self._bodies: dict[str, bytes] = {}
        self._websockets: dict[str, web.Request] = {}
        self._tasks: set[asyncio.Future[Any]] = set()
        self._pings: dict[str, asyncio.Future[Any]] = {}
        self._receipts: dict[str, asyncio.Future[None]] = {}
        self._translate = self._async["translate_request"]
        self._async = {**self._async, "websocket": WebSocket, "translate_request": self._translate_request}
        Payload.max_decode_packets = MAX_PACKETS  # the library has no other place for it

    def _translate_request(self, request: web.Request) -> dict[str, Any]:
        environ: dict[str, Any] = self._translate(request)
        body = self._bodies.pop(request.query.get("sid", ""), b"") if request.method == "POST" else b""
        environ |= {"wsgi.input": Whole(body), "CONTENT_LENGTH": str(len(body))}
        return environ

    def create_queue(self, *_args: Any, **_options: Any) -> Outbox:
        """Make the queue of a socket."""
        return Outbox(self.waiting)

    async def handle_request(self, request: web.Request) -> web.StreamResponse:
        """Answer a request of a client: a handshake, a poll, a post or an upgrade."""
        if "j" in request.query:
            return web.Response(status=400, text="JSONP is not spoken here.")
        sid = request.query.get("sid")
        if sid is None:
            return self.door.refusal(request) or await self._respond(request)
        if _wants_websocket(request):
            # A second one would wait beside the first, counted by nobody.
            return await self._respond(request) if sid not in self._websockets else web.Response(status=400)
        key = sid, request.method
        if key in self._requests:
            # The protocol forbids it: packets would be split between the two.
            await self.disconnect(sid)
            return web.Response(status=400, text="Requests overlap.")
        self._requests[key] = request
        try:
            response = await (self._posted(sid, request) if request.method == "POST" else self._respond(request))
            with suppress(ConnectionError):
                await response.prepare(request)
                await response.write_eof()  # here, so that a poll lasts until the client has it
            return response
        finally:
            del self._requests[key]

    async def _posted(self, sid: str, request: web.Request) -> web.StreamResponse:
        """Read a body before the library does, which would fail where the session ends meanwhile."""
        peer = self.peer(sid)
        if peer is None or self._ended_already(sid):
            return web.Response(status=400, text="There is no such session.")
        length = request.content_length
        if length is None or length > most(peer):
            self.endless(sid, length or 0)
            await self.disconnect(sid)
            return web.Response(status=413, text="The request is too large.")
        body = await read_body(request, peer)
        if body is None or self._ended_already(sid):
            await self.disconnect(sid)
            return web.Response(status=400, text="The request is broken, or the session has ended.")
        self._bodies[sid] = body
        del body
        try:
            return await self._respond(request)
        except UnboundLocalError:  # of the library, where a packet of this body has ended the session
            return web.Response(status=400, text="The session has ended.")
        finally:
            self._bodies.pop(sid, None)
            while peer.arrivals:  # of packets that came behind the one that ended it
                peer.give(peer.arrivals.popleft().kept)

    def _ended_already(self, sid: str) -> bool:
        socket = self.sockets.get(sid)
        return socket is None or bool(socket.closed)

    def peer(self, sid: str) -> Peer | None:
        """Return what is known of a socket."""
        return self.door.peers.get(sid)

    def endless(self, sid: str, size: int) -> None:
        """Take notice of a message that is too large to be answered, or too slow."""
        peer = self.peer(sid)
        self._log.warning("message_dropped", bytes=size, remote=peer.remote if peer is not None else None)

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse = await super().handle_request(request)
        return response

    async def send(self, sid: str, data: str | bytes) -> None:
        """Queue a message for a client."""
        if isinstance(data, Text):
            await self.send_packet(sid, Message(data))
        else:
            await super().send(sid, data)

    def unread(self, sid: str) -> int:
        """Return how many bytes wait for a client to read them."""
        socket = self.sockets.get(sid)
        return socket.queue.bytes if socket is not None else 0

    async def cut_off(self, sid: str) -> None:
        """End a socket at once, and drop what waits for it."""
        socket = self.sockets.pop(sid, None)
        if socket is not None:
            await socket.close(wait=False, abort=True, reason=self.reason.SERVER_DISCONNECT)
            socket.queue.clear()
            socket.queue.put_nowait(None)
        self.abort(sid)

    def abort(self, sid: str) -> None:
        """Cut the connections of a client, if there are any."""
        for request in (self._websockets.get(sid), self._requests.get((sid, "GET")), self._requests.get((sid, "POST"))):
            if request is not None and request.transport is not None:
                request.transport.abort()

    def connected(self, sid: str, request: web.Request) -> None:
        """Take notice of a client's WebSocket."""
        self._websockets[sid] = request

    def disconnected(self, sid: str) -> None:
        """Take notice that a client's WebSocket has ended: it answers no ping any more."""
        self._websockets.pop(sid, None)
        self.receipt(sid)

    def start_background_task(self, target: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Start a task and keep hold of it: the loop itself would not, and :meth:`stop` ends it."""
        task = asyncio.ensure_future(target(*args, **kwargs))
        owner = getattr(target, "__self__", None)
        if isinstance(owner, AsyncSocket):
            self._pings[owner.sid] = task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        if event == "message":
            self._messages += 1
            if not self._messages % MESSAGES_A_TURN:
                await asyncio.sleep(0)
        peer = self.peer(args[0])
        if event == "connect":
            for stranger in self.door.opened(args[0], args[1]["aiohttp.request"]):
                self.start_background_task(self.cut_off, stranger)
        if event == "message":
            args = *args, peer.arrivals.popleft() if peer is not None and peer.arrivals else Arrival(0, None)
        result = await super()._trigger_event(event, *args, **kwargs)
        if event == "disconnect":
            self._ended(args[0], gone=args[1] != self.reason.SERVER_DISCONNECT)
        return result

    def _ended(self, sid: str, *, gone: bool) -> None:
        """Take notice of the end of a socket; what waits for a client that has ``gone`` is dropped at once."""
        self.door.closed(sid)
        ping = self._pings.pop(sid, None)
        if ping is not None and ping is not asyncio.current_task():
            ping.cancel()  # it would hold on to the socket until it is due
        loop = asyncio.get_running_loop()
        socket = self.sockets.get(sid)
        if socket is not None:
            if gone:
                socket.queue.clear()
                loop.call_soon(self.sockets.pop, sid, None)  # which the library would do within a minute
            else:
                loop.call_later(ABORT_SECONDS, socket.queue.clear)
            # After the CLOSE packet, due next: ends a waiting poll, and the WebSocket, where clients ignore CLOSE.
            loop.call_soon(socket.queue.put_nowait, None)
        loop.call_later(ABORT_SECONDS, self.abort, sid)

    async def disconnect(self, sid: str | None = None) -> None:
        """Close one socket without waiting until the client has fetched what is queued for it; it may never do."""
        socket = self.sockets.get(sid)
        if socket is not None:
            await socket.close(wait=False, reason=self.reason.SERVER_DISCONNECT)
            self.sockets.pop(sid, None)

    async def stop(self, timeout: float) -> None:  # noqa: ASYNC109 - what is not read by then is given up
        """Give every client ``timeout`` seconds to read what is queued for it, then close its socket; end all tasks.

        The close is Engine.IO's, not Socket.IO's: a client told to disconnect by the latter does not come back. It
        waits for the client's receipt, since python-socketio's forgets replies that it has not handled by then.
        """
        await self._within(timeout, [self._read(socket) for socket in self.sockets.values() if not socket.closed])
        closing = [socket for socket in self.sockets.values() if not socket.closed]
        for socket in closing:
            await socket.close(wait=False, reason=self.reason.SERVER_DISCONNECT)
        await self._within(CLOSE_SECONDS, [socket.queue.join() for socket in closing if not socket.upgraded])
        await self.shutdown()
        left = list(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _read(self, socket: Any) -> None:
        """Wait until the client has read what is queued for it."""
        if not socket.upgraded:
            await socket.queue.join()
        elif not socket.closed:
            receipt = self._receipts[socket.sid] = asyncio.get_running_loop().create_future()
            await socket.send(Packet(PING))  # the answer to which comes after all that was read before
            await receipt

    def receipt(self, sid: str) -> None:
        """Take notice that a client has answered a ping, or will never do."""
        waiting = self._receipts.pop(sid, None)
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _within(self, timeout: float, waits: Iterable[Coroutine[Any, Any, None]]) -> None:  # noqa: ASYNC109 - gives up
        tasks = [asyncio.create_task(wait) for wait in waits]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=timeout)
            for task in late:
                task.cancel()


def _wants_websocket(request: web.Request) -> bool:
    """Tell whether the library will take a request for an upgrade."""
    tokens = request.headers.get("Connection", "").lower().split(",")
    return "upgrade" in (each.strip() for each in tokens) and request.headers.get("Upgrade", "").lower() == "websocket"
