"""Whatever a handler does, its call is answered."""

import asyncio
import json
import logging
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from tests.utils.conftest import Logs
from utils.call import Call
from utils.contract import Envelope, Request
from utils.dispatch import Dispatcher
from utils.errors import INVALID_REQUEST, PARTIAL_FAILURE, TIMEOUT, ErrorCode, RpcError
from utils.registry import Registry
from utils.testing import FakeCaller, call

pytestmark = pytest.mark.usefixtures("logs")  # without them, each bug is drawn in colour, which takes a second

TOKEN = "0123456789abcdef-secret"
UPSTREAM = ErrorCode("upstream", retryable=True, when="Something else is broken.")


@dataclass
class Gate:
    """Where a handler stands until a test lets it go on."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


class UpstreamError(Exception):
    """Foreign to the kit."""


def handler_that(raises: BaseException) -> Registry:
    methods = Registry()

    @methods.method("fail")
    async def fail(request: Request, call: Call) -> None:
        raise raises

    return methods


def handler_returning(value: object, *, binary: bool = False) -> Registry:
    methods = Registry()

    @methods.method("give", binary=binary)
    async def give(request: Request, call: Call) -> object:
        return value

    return methods


def waiting() -> Registry:
    methods = Registry()

    @methods.method("wait")
    async def wait(request: Request, call: Call) -> str:
        gate = call.shared(Gate)
        await call.progress(2, 5, bytes=10, bytes_total=25)
        gate.reached.set()
        await gate.opened.wait()
        return "done"

    return methods


def code(reply: Envelope) -> str:
    return str(reply["error"]["code"])


@pytest.mark.parametrize(
    "error",
    [
        ValueError(TOKEN),
        KeyError(TOKEN),
        RecursionError(),
        MemoryError(),
        asyncio.CancelledError(),
        SystemExit(1),
        GeneratorExit(),
        StopAsyncIteration(),
        ExceptionGroup("several", [ValueError(TOKEN)]),
        LookupError("No shared object"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_a_bug_is_internal_and_its_id_is_in_the_log(error: BaseException, logs: Logs) -> None:
    reply = await call(handler_that(error), "fail", {})
    assert code(reply) == "internal"
    assert TOKEN not in json.dumps(reply)
    assert reply["error"]["details"]["id"] in reply["message"]
    failures = [line for line in logs.lines if line["event"] == "internal_error"]
    assert [line["call_id"] for line in failures] == [reply["error"]["details"]["id"]]


async def test_an_rpc_error_is_the_reply() -> None:
    error = RpcError(PARTIAL_FAILURE, "One of two failed.", details={"failed": 1}, data=[1, None], retryable=True)
    assert await call(handler_that(error), "fail", {"options": {"callId": "mine"}}) == {
        "success": False,
        "callId": "mine",
        "message": "One of two failed.",
        "error": {
            "code": "partial_failure",
            "message": "One of two failed.",
            "retryable": True,
            "details": {"failed": 1},
        },
        "data": [1, None],
    }


@pytest.mark.parametrize(
    "error", [UpstreamError(), ExceptionGroup("several", [ValueError(), ExceptionGroup("inner", [UpstreamError()])])]
)
async def test_a_foreign_error_is_translated_even_out_of_a_group(error: Exception) -> None:
    def translate(error: Exception) -> RpcError | None:
        return RpcError(UPSTREAM, "It is broken.") if isinstance(error, UpstreamError) else None

    reply = await call(Dispatcher(handler_that(error), translate=translate), "fail", {})
    assert code(reply) == "upstream"


async def test_a_translation_with_a_bug_is_internal() -> None:
    def translate(_error: Exception) -> RpcError | None:
        raise RuntimeError("in the translation")

    assert code(await call(Dispatcher(handler_that(ValueError()), translate=translate), "fail", {})) == "internal"


async def test_a_step_that_timed_out_is_a_timeout() -> None:
    assert code(await call(handler_that(TimeoutError()), "fail", {})) == "timeout"


@pytest.mark.parametrize("value", [object(), {"deep": {1, object()}}, SecretStr(TOKEN), lambda: None, b"bytes"])
async def test_a_result_that_cannot_be_written_is_internal(value: object) -> None:
    reply = await call(handler_returning(value), "give", {})
    assert code(reply) == "internal"
    assert TOKEN not in json.dumps(reply)


async def test_a_result_that_holds_itself_is_internal() -> None:
    value: list[Any] = []
    value.append(value)
    assert code(await call(handler_returning(value), "give", {})) == "internal"


async def test_an_error_whose_details_cannot_be_written_is_internal() -> None:
    error = RpcError(INVALID_REQUEST, "x", details={"what": object()})
    assert code(await call(handler_that(error), "fail", {})) == "internal"


async def test_bytes_need_a_binary_method() -> None:
    assert (await call(handler_returning(b"x", binary=True), "give", {}))["data"] == b"x"


async def test_warnings_stand_beside_the_data() -> None:
    methods = Registry()

    @methods.method("give")
    async def give(request: Request, call: Call) -> int:
        call.warn("old", "This is old.", since=2020)
        return 1

    assert await call(methods, "give", {"options": {"callId": "mine"}}) == {
        "success": True,
        "data": 1,
        "callId": "mine",
        "warnings": [{"code": "old", "message": "This is old.", "since": 2020}],
    }


@pytest.mark.parametrize("event", ["getUser", "GETUSERSFROMCOURSE", "getUsersFromCourses"])
async def test_an_unknown_event_is_told_the_nearest_names(event: str) -> None:
    methods = Registry()

    @methods.method("getUsersFromCourse", "call")
    async def users(request: Request, call: Call) -> None: ...

    reply = await call(methods, event, {})
    assert code(reply) == "unknown_method"
    assert reply["error"]["details"]["methods"][0] == "getUsersFromCourse"
    assert "getUsersFromCourse" in reply["message"]


@pytest.mark.parametrize("event", [None, 1, [], {}, "x" * 100_000, TOKEN])
async def test_an_odd_event_is_not_repeated_anywhere(event: object, logs: Logs) -> None:
    reply = await call(waiting(), event, {})
    assert code(reply) == "unknown_method"
    assert TOKEN not in json.dumps(reply) + logs.getvalue()
    assert len(logs.getvalue()) < 1000


async def test_past_the_deadline_the_reply_says_what_was_done() -> None:
    reply = await call(waiting(), "wait", {"options": {"timeoutMs": 20}}, shared=[Gate()])
    assert code(reply) == "timeout"
    assert reply["error"]["retryable"] is True
    assert reply["error"]["details"] == {"timeoutMs": 20, "done": 2, "total": 5, "bytes": 10, "bytesTotal": 25}


async def test_the_service_sets_the_deadline_of_calls_that_set_none() -> None:
    dispatcher = Dispatcher(waiting(), shared=[Gate()], default_timeout=0.02)
    assert (await call(dispatcher, "wait", {}))["error"]["details"]["timeoutMs"] == 20


async def test_a_handler_that_ignores_its_cancellation_does_not_delay_the_reply(
    monkeypatch: pytest.MonkeyPatch, logs: Logs
) -> None:
    monkeypatch.setattr("utils.dispatch.UNWIND_SECONDS", 0.01)
    methods, gate = Registry(), Gate()

    @methods.method("stubborn")
    async def stubborn(request: Request, call: Call) -> None:
        while not gate.opened.is_set():
            try:
                await gate.opened.wait()
            except asyncio.CancelledError:
                continue
        raise ValueError("too late for anyone")

    dispatcher = Dispatcher(methods)
    assert code(await call(dispatcher, "stubborn", {"options": {"timeoutMs": 10}})) == "timeout"
    assert dispatcher.running == 1
    gate.opened.set()
    assert await dispatcher.drained(5)
    assert "handler_ignores_cancellation" in [line["event"] for line in logs.lines]


@pytest.mark.parametrize(
    ("how", "outcome"),
    [("return", "half"), ("raise", "partial_failure"), ("fail", "timeout")],
)
async def test_a_handler_may_answer_its_own_deadline(how: str, outcome: object) -> None:
    methods = Registry()

    @methods.method("half")
    async def half(request: Request, call: Call) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if how == "raise":
                raise RpcError(PARTIAL_FAILURE, "Half of it.", data="half") from None
            if how == "fail":
                raise ValueError from None
        return "half"

    reply = await call(methods, "half", {"options": {"timeoutMs": 10}})
    assert (reply["data"] if reply["success"] else code(reply)) == outcome


async def test_a_cancelled_dispatch_still_answers() -> None:
    gate = Gate()
    task = asyncio.create_task(call(waiting(), "wait", {}, shared=[gate]))
    await gate.reached.wait()
    task.cancel()
    reply = await task
    assert code(reply) == "timeout"
    assert reply["error"]["details"]["done"] == 2


async def test_a_draining_service_finishes_what_runs_and_refuses_the_rest() -> None:
    gate = Gate()
    dispatcher = Dispatcher(waiting(), shared=[gate])
    running = asyncio.create_task(call(dispatcher, "wait", {}))
    await gate.reached.wait()
    dispatcher.drain()
    refused = await call(dispatcher, "wait", {})
    assert (code(refused), refused["error"]["retryable"]) == ("rate_limited", True)
    assert refused["error"]["details"] == {"retryAfter": 1}
    assert not await dispatcher.drained(0.01)
    gate.opened.set()
    assert await dispatcher.drained(5)
    assert (await running)["data"] == "done"


async def test_calls_that_are_cut_off_get_a_retryable_answer() -> None:
    gate = Gate()
    dispatcher = Dispatcher(waiting(), shared=[gate])
    running = asyncio.create_task(call(dispatcher, "wait", {}))
    await gate.reached.wait()
    dispatcher.drain()
    dispatcher.cut_off()
    assert (await running)["error"]["retryable"] is True
    assert dispatcher.running == 0


async def test_each_call_is_one_line_of_log(logs: Logs) -> None:
    await call(waiting(), "wait", {"options": {"timeoutMs": 1}}, shared=[Gate()], caller=FakeCaller())
    (line,) = [line for line in logs.lines if line["event"] == "call"]
    assert {key: line[key] for key in ("method", "outcome", "caller", "level")} == {
        "method": "wait",
        "outcome": "timeout",
        "caller": "fake",
        "level": "warning",
    }
    assert isinstance(line["duration_ms"], float)
    assert len(line["call_id"]) == 12


async def test_one_call_id_stands_in_every_line_of_a_call(logs: Logs) -> None:
    methods = Registry()

    @methods.method("talk")
    async def talk(request: Request, call: Call) -> str:
        call.log.info("from the handler")
        logging.getLogger("aiohttp.client").warning("from a library")
        return call.id

    first, second = await asyncio.gather(call(methods, "talk", {}), call(methods, "talk", {}))
    for reply in (first, second):
        assert [line["event"] for line in logs.lines if line.get("call_id") == reply["data"]] == [
            "from the handler",
            "from a library",
            "call",
        ]


async def test_no_payload_reaches_the_log(logs: Logs) -> None:
    class Secret(Request):
        token: SecretStr
        number: int

    methods = Registry()

    @methods.method("use")
    async def use(request: Secret, call: Call) -> int:
        local = request.token.get_secret_value()
        return 1 // (len(local) - len(TOKEN))

    payload = {"token": TOKEN, "number": 1}
    cases: list[tuple[str, list[object]]] = [
        ("use", [payload]),
        ("use", [payload | {"number": TOKEN}]),
        ("use", [payload | {"token": [TOKEN]}]),
        ("use", [payload | {"options": TOKEN}]),
        ("use", [payload, TOKEN]),
        ("use", [TOKEN]),
        ("no", [payload]),
    ]
    for event, arguments in cases:
        reply = await call(methods, event, *arguments)
        assert not reply["success"]
        assert TOKEN not in json.dumps(reply)
    assert "internal_error" in [line["event"] for line in logs.lines]
    assert TOKEN not in logs.getvalue()


def test_the_modules_here_import_no_socketio() -> None:
    script = "import sys, utils.dispatch, utils.testing, utils.logs; sys.exit('socketio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0  # noqa: S603 - own script


async def test_a_call_has_the_name_that_its_caller_gave_it_in_its_reply_and_its_log(logs: Logs) -> None:
    for payload in ({"options": {"callId": "job-7"}}, {"options": {"callId": "job-7", "timeoutMs": "soon"}}):
        assert (await call(handler_returning(1), "give", payload))["callId"] == "job-7"
    assert [line["call_id"] for line in logs.lines if line["event"] == "call"] == ["job-7"] * 2


@pytest.mark.parametrize("name", ["", "x" * 65, "two words", "a\nb", 7, ["x"], None])
async def test_a_name_that_is_none_does_not_stand_in_a_reply(name: object) -> None:
    reply = await call(handler_returning(1), "give", {"options": {"callId": name}})
    assert reply["callId"] != name
    assert (None if reply["success"] else code(reply)) == (None if name is None else "invalid_request")


async def test_the_line_of_a_call_that_failed_is_a_warning_with_its_code_and_what_was_noted(logs: Logs) -> None:
    methods = Registry()

    @methods.method("fail")
    async def fail(request: Request, call: Call) -> None:
        call.note(host="moodle.example.edu")
        raise RpcError(TIMEOUT, "Late.", details={"errorcode": "x"})

    await call(methods, "fail", {})
    (line,) = (line for line in logs.lines if line["event"] == "call")
    assert (line["level"], line["outcome"], line["host"], line["errorcode"]) == (
        "warning",
        "timeout",
        "moodle.example.edu",
        "x",
    )


async def test_a_timeout_says_what_had_been_done_wherever_it_comes_from() -> None:
    methods = Registry()

    @methods.method("fail")
    async def fail(request: Request, call: Call) -> None:
        await call.progress(3, 7)
        raise TimeoutError

    details = (await call(methods, "fail", {}))["error"]["details"]
    assert (details["done"], details["total"]) == (3, 7)
