"""Where the server reaches into python-socketio and python-engineio: a new version of them has to have the same."""

import ast
import inspect
from pathlib import Path

import engineio
import pytest
import socketio
from engineio.async_socket import AsyncSocket

SOURCES = sorted((Path(__file__).parents[2] / "utils").rglob("*.py"))
PRIVATE = {
    (engineio.AsyncServer, "_trigger_event"): ["self", "event", "args", "kwargs"],
    (socketio.AsyncServer, "_engineio_server_class"): ["self"],
    (socketio.AsyncServer, "_handle_connect"): ["self", "eio_sid", "namespace", "data"],
    (socketio.AsyncServer, "_handle_disconnect"): ["self", "eio_sid", "namespace", "reason"],
    (socketio.AsyncServer, "_handle_eio_connect"): ["self", "eio_sid", "environ"],
    (socketio.AsyncServer, "_handle_eio_disconnect"): ["self", "eio_sid", "reason"],
    (socketio.AsyncServer, "_handle_eio_message"): ["self", "eio_sid", "data"],
    (socketio.AsyncServer, "_send_packet"): ["self", "eio_sid", "pkt"],
}
"""Methods that are called or overridden, with their arguments."""

PUBLIC = {
    (AsyncSocket, "close"): ["self", "wait", "abort", "reason"],
    (AsyncSocket, "handle_post_request"): ["self", "environ"],
    (engineio.AsyncServer, "create_queue"): ["self", "args", "kwargs"],
    (engineio.AsyncServer, "handle_request"): ["self", "args", "kwargs"],
    (engineio.AsyncServer, "start_background_task"): ["self", "target", "args", "kwargs"],
}
"""The same of what has no underscore and no promise either."""

ATTRIBUTES = {"_async"}
"""Of an engineio server: the functions that it takes from the web framework."""


@pytest.mark.parametrize(("where", "arguments"), [*PRIVATE.items(), *PUBLIC.items()], ids=str)
def test_a_method_of_the_libraries_is_as_it_was(where: tuple[type, str], arguments: list[str]) -> None:
    kind, name = where
    assert list(inspect.signature(getattr(kind, name)).parameters) == arguments


def test_what_the_server_takes_from_the_web_framework_is_as_it_was() -> None:
    server = engineio.AsyncServer(async_mode="aiohttp")
    assert {"websocket", "translate_request", "make_response", "create_route"} <= set(server._async)
    assert {"sockets", "handlers", "max_http_buffer_size", "reason"} <= set(dir(server))
    socket = AsyncSocket(server, "sid")
    assert {"queue", "closed", "closing", "connected", "upgraded", "upgrading", "sid", "server"} <= set(vars(socket))


def test_no_other_private_member_of_the_libraries_is_used() -> None:
    theirs = {name for kind in (engineio.AsyncServer, socketio.AsyncServer, AsyncSocket) for name in dir(kind)}
    theirs |= set(vars(engineio.AsyncServer(async_mode="aiohttp"))) | set(
        vars(socketio.AsyncServer(async_mode="aiohttp"))
    )
    theirs = {name for name in theirs if name.startswith("_") and not name.startswith("__")}
    used = {
        node.attr if isinstance(node, ast.Attribute) else node.name
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert used & theirs == {name for _, name in PRIVATE} | ATTRIBUTES
