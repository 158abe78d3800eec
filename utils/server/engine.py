"""Engine.IO, corrected where python-engineio loses requests, compresses, or leaves broken sockets behind."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Any

import engineio
from aiohttp import StreamReader, web
from engineio.exceptions import EngineIOError
from engineio.packet import PING, PONG, Packet
from engineio.payload import Payload

MAX_PACKETS_PER_POST = 10_000
"""The library's own 16 loses calls without a word when a client sends more while it still polls."""

CLOSE_SECONDS = 1.0
"""How long a polling client, once it has read its replies, may take to learn that the socket is closed."""


class EngineServer(engineio.AsyncServer):  # type: ignore[misc] # the library has no types
    """An Engine.IO server whose broken sockets end at once and alone, and which can be stopped without loss."""

    _async: dict[str, Any]

    def __init__(self, **options: Any) -> None:
        """Take the options of :class:`engineio.AsyncServer`."""
        super().__init__(**options)
        self._tasks: set[asyncio.Future[Any]] = set()
        self._receipts: dict[str, asyncio.Future[None]] = {}
        self._translate = self._async["translate_request"]
        self._async = {**self._async, "websocket": WebSocket, "translate_request": self._translate_request}
        Payload.max_decode_packets = MAX_PACKETS_PER_POST  # the library has no other place for it

    def _translate_request(self, request: web.Request) -> dict[str, Any]:
        environ: dict[str, Any] = self._translate(request)
        environ["wsgi.input"] = Body(request.content)
        return environ

    def start_background_task(self, target: Callable[..., Awaitable[Any]], *args: Any, **kwargs: Any) -> Any:
        """Start a task and keep hold of it: the loop itself would not, and :meth:`stop` ends it."""
        task = asyncio.ensure_future(target(*args, **kwargs))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _trigger_event(self, event: str, *args: Any, **kwargs: Any) -> Any:
        result = await super()._trigger_event(event, *args, **kwargs)
        socket = self.sockets.get(args[0]) if event == "disconnect" else None
        if socket is not None:
            # After the CLOSE packet, due next: ends a waiting poll, and the WebSocket, where clients ignore CLOSE.
            asyncio.get_running_loop().call_soon(socket.queue.put_nowait, None)
        return result

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
        await self._within(timeout, [self._read(socket) for socket in self.sockets.values()])
        closing = list(self.sockets.values())
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


class Body:
    """The body of a polling request, read whole and checked.

    python-engineio calls aiohttp's ``read(n)`` once, which returns what has come so far: large payloads would be cut.
    """

    def __init__(self, content: StreamReader) -> None:
        self._content = content

    async def read(self, length: int) -> bytes:
        """Return ``length`` bytes that hold Engine.IO packets.

        Raises EngineIOError, which ends this socket, for anything else.
        """
        try:
            body = await self._content.readexactly(length)
            for packet in Payload(encoded_payload=body.decode()).packets:
                _check(packet)
        except Exception as error:
            raise EngineIOError("malformed or broken request") from error
        return body


class WebSocket:
    """The WebSocket transport, uncompressed, on which a malformed message ends the connection in good order.

    Compression costs a third of the time of a JSON reply and nearly all of a binary one.
    """

    def __init__(self, handler: Callable[["WebSocket"], Awaitable[None]], server: EngineServer) -> None:
        """Take the handler, which is a bound method of an engineio AsyncSocket."""
        self._handler = handler
        self._server = server
        self._socket: Any = handler.__self__  # type: ignore[attr-defined] # it is a bound method
        self._response = web.WebSocketResponse(max_msg_size=server.max_http_buffer_size, compress=False)

    async def __call__(self, environ: dict[str, Any]) -> web.WebSocketResponse:
        """Serve the connection until it ends."""
        await self._response.prepare(environ["aiohttp.request"])
        try:
            await self._handler(self)
        finally:
            # The library leaves this set when an upgrade breaks off; polling would then get nothing any more.
            self._socket.upgrading = False
            self._server.receipt(self._socket.sid)
        return self._response

    async def close(self) -> None:
        """Close the connection."""
        await self._response.close()

    async def send(self, message: str | bytes) -> None:
        """Send one message."""
        if isinstance(message, bytes):
            await self._response.send_bytes(message)
        else:
            await self._response.send_str(message)

    async def wait(self) -> str | bytes:
        """Return the next message; raises OSError, upon which the library closes, when it is none or no packet."""
        message = await self._response.receive()
        if message.type not in {web.WSMsgType.TEXT, web.WSMsgType.BINARY}:
            raise OSError("the connection has ended")
        data: str | bytes = message.data
        try:
            packet = Packet(encoded_packet=data)
            _check(packet)
        except (ValueError, RecursionError) as error:
            raise OSError("malformed packet") from error
        if packet.packet_type == PONG:
            self._server.receipt(self._socket.sid)
        return data


def _check(packet: Any) -> None:
    """Raise ValueError for a packet type that is none: the library would trip over it."""
    if not 0 <= packet.packet_type <= 6:  # noqa: PLR2004 - NOOP, the highest type of the protocol
        raise ValueError("no such packet type")
