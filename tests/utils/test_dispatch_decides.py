"""What becomes of a call that goes wrong, and what is told of it: one sentence a row."""

import asyncio
import gc
import threading
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import field_validator

from tests.utils.conftest import Logs
from utils.call import RUNNING, Call
from utils.codec import Encoded, encode
from utils.contract import Request
from utils.dispatch import Dispatcher
from utils.errors import INVALID_REQUEST, PARTIAL_FAILURE, RATE_LIMITED, TIMEOUT, RpcError
from utils.registry import Registry
from utils.testing import FakeCaller, call
from utils.turns import Turns

pytestmark = pytest.mark.usefixtures("logs")  # without them, each bug is drawn in colour, which takes a second

Handler = Callable[[Request, Call], Awaitable[object]]


def doing(handler: Handler, **options: Any) -> Registry:
    methods = Registry()

    @methods.method("act", **options)
    async def act(request: Request, call: Call) -> object:
        return await handler(request, call)

    return methods


def raising(error: BaseException) -> Registry:
    async def handler(request: Request, call: Call) -> None:
        raise error

    return doing(handler)


def lines(logs: Logs, event: str) -> list[dict[str, Any]]:
    return [line for line in logs.lines if line["event"] == event]


def of_ours(error: Exception) -> RpcError | None:
    return RpcError(RATE_LIMITED, "Slower.") if isinstance(error, KeyError) else None


LATE, PART = TimeoutError(), RpcError(PARTIAL_FAILURE, "Half.")


@pytest.mark.parametrize(
    ("says", "error", "code", "message"),
    [
        ("an error of the kit's own", PART, "partial_failure", "Half."),
        ("one that is translated", KeyError(), "rate_limited", "Slower."),
        ("a step that took too long", LATE, "timeout", "A step of the call took too long; call again."),
        ("the same inside a group", ExceptionGroup("", [LATE]), "timeout", "A step of the call took too long"),
        ("beside a bug, which is the less telling", ExceptionGroup("", [OSError(), LATE]), "timeout", "A step"),
        ("beside one that is translated", ExceptionGroup("", [LATE, KeyError()]), "rate_limited", "Slower."),
        ("the first that says something", ExceptionGroup("", [OSError(), PART, KeyError()]), "partial_failure", "Half"),
        ("two groups deep", ExceptionGroup("", [ExceptionGroup("", [LATE])]), "timeout", "A step"),
        ("a bug", ZeroDivisionError(), "internal", "The service made a mistake; its log says more about the call mine"),
    ],
)
async def test_what_is_answered_to_an_error(says: str, error: Exception, code: str, message: str) -> None:
    dispatcher = Dispatcher(raising(error), translate=of_ours)
    reply = await call(dispatcher, "act", {"options": {"callId": "mine"}})
    assert reply["error"]["code"] == code, says
    assert message in reply["message"]
    assert reply["callId"] == "mine"


async def test_a_bug_stands_in_the_log_with_its_traceback(logs: Logs) -> None:
    reply = await call(raising(ZeroDivisionError()), "act", {"options": {"callId": "mine"}})
    assert reply["error"]["details"] == {"id": "mine"}
    (line,) = lines(logs, "internal_error")
    assert "ZeroDivisionError" in str(line)


async def test_a_bug_of_a_translation_is_one_as_well(logs: Logs) -> None:
    def confused(error: Exception) -> RpcError | None:
        raise LookupError("no such translation")

    dispatcher = Dispatcher(raising(ZeroDivisionError()), translate=confused)
    reply = await call(dispatcher, "act", {"options": {"callId": "mine"}})
    assert (reply["error"]["code"], reply["error"]["details"]) == ("internal", {"id": "mine"})
    (line,) = lines(logs, "internal_error")
    assert "no such translation" in str(line)


async def test_a_line_that_a_handler_logs_names_call_and_method(logs: Logs) -> None:
    async def handler(request: Request, call: Call) -> None:
        call.log.info("at_work")

    await call(doing(handler), "act", {"options": {"callId": "mine"}})
    (line,) = lines(logs, "at_work")
    assert (line["call_id"], line["method"]) == ("mine", "act")


@pytest.mark.parametrize("kind", [SystemExit, GeneratorExit])
async def test_what_would_end_the_loop_is_named_in_the_log(kind: type[BaseException], logs: Logs) -> None:
    await call(raising(kind()), "act", {})
    assert f"the handler raised {kind.__name__}" in logs.getvalue()


async def test_a_handler_that_cancels_itself_is_named_in_the_log(logs: Logs) -> None:
    await call(raising(asyncio.CancelledError()), "act", {})
    assert "the handler cancelled itself" in logs.getvalue()


async def test_the_last_progress_comes_before_the_reply() -> None:
    async def handler(request: Request, call: Call) -> int:
        for done in (1, 2, 3):
            await call.progress(done, None)
        return 3

    caller = FakeCaller()
    reply = await call(doing(handler), "act", {"progressId": "p"}, caller=caller)
    assert reply["data"] == 3
    assert [event["done"] for _, event in caller.events] == [1, 3]
    assert {(event["progressId"], event["method"]) for _, event in caller.events} == {("p", "act")}


async def test_what_a_timeout_says_of_its_own_counts_for_more_than_the_state() -> None:
    async def handler(request: Request, call: Call) -> None:
        await call.progress(3, 7)
        raise RpcError(TIMEOUT, "Late.", details={"done": 2})

    assert (await call(doing(handler), "act", {}))["error"]["details"] == {"done": 2, "total": 7}


async def test_only_a_timeout_says_what_had_been_done() -> None:
    async def handler(request: Request, call: Call) -> None:
        await call.progress(3, 7)
        raise RpcError(INVALID_REQUEST, "No.")

    assert (await call(doing(handler), "act", {}))["error"]["details"] == {}


async def forever(request: Request, call: Call) -> None:
    await asyncio.Event().wait()


async def test_past_the_deadline_the_caller_is_told_how_long_and_what_to_do() -> None:
    reply = await call(doing(forever), "act", {"options": {"timeoutMs": 20}})
    assert reply["message"] == "The call was not done within 0.02 s; allow more by options.timeoutMs."


async def test_the_deadline_is_25_seconds_unless_somebody_says_otherwise() -> None:
    async def handler(request: Request, call: Call) -> float:
        return call.deadline.seconds

    assert (await call(doing(handler), "act", {}))["data"] == 25.0
    assert (await call(doing(handler), "act", {"options": {"timeoutMs": 1500}}))["data"] == 1.5
    assert (await call(Dispatcher(doing(handler), default_timeout=3), "act", {}))["data"] == 3.0


async def test_a_second_cancellation_is_answered_too(monkeypatch: pytest.MonkeyPatch, logs: Logs) -> None:
    monkeypatch.setattr("utils.dispatch.UNWIND_SECONDS", 60)
    reached, told, opened = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def stubborn(request: Request, call: Call) -> None:
        reached.set()
        try:
            await opened.wait()
        except asyncio.CancelledError:
            told.set()
            await opened.wait()

    dispatcher = Dispatcher(doing(stubborn))
    task = asyncio.create_task(call(dispatcher, "act", {}))
    await reached.wait()
    dispatcher.cut_off()
    await told.wait()
    dispatcher.cut_off()
    reply = await task
    assert reply["message"] == "The service stopped before the call was done; call again."
    assert reply["error"]["details"] == {"timeoutMs": 25_000}
    assert lines(logs, "cancelled_twice")
    assert lines(logs, "handler_ignores_cancellation")
    opened.set()
    assert await dispatcher.drained(5)


@pytest.mark.parametrize("late", ["an answer", ZeroDivisionError(), asyncio.CancelledError()], ids=str)
async def test_what_a_handler_says_after_its_reply_troubles_nobody(
    late: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("utils.dispatch.UNWIND_SECONDS", 0)
    troubles: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, trouble: troubles.append(trouble))
    opened = asyncio.Event()

    async def stubborn(request: Request, call: Call) -> object:
        try:
            await opened.wait()
        except asyncio.CancelledError:
            await opened.wait()
        if isinstance(late, BaseException):
            raise late
        return late

    dispatcher = Dispatcher(doing(stubborn))
    assert (await call(dispatcher, "act", {"options": {"timeoutMs": 1}}))["error"]["code"] == "timeout"
    opened.set()
    assert await dispatcher.drained(5)
    await asyncio.sleep(0)
    gc.collect()
    assert troubles == []


async def test_a_cancellation_that_was_answered_does_not_linger_in_the_task() -> None:
    reached = asyncio.Event()

    async def handler(request: Request, call: Call) -> None:
        reached.set()
        await asyncio.Event().wait()

    async def around() -> int:
        await call(doing(handler), "act", {})
        task = asyncio.current_task()
        assert task is not None
        return task.cancelling()

    task = asyncio.create_task(around())
    await reached.wait()
    task.cancel()
    assert await task == 0


async def test_a_handler_that_breaks_while_it_stops_stands_in_the_log(logs: Logs) -> None:
    async def handler(request: Request, call: Call) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    reply = await call(doing(handler), "act", {"options": {"timeoutMs": 10}})
    assert reply["error"]["code"] == "timeout"
    (line,) = lines(logs, "handler_failed_while_stopping")
    assert "ZeroDivisionError" in str(line)


async def test_a_call_is_forgotten_once_it_is_answered() -> None:
    dispatcher = Dispatcher(raising(ZeroDivisionError()))
    await call(dispatcher, "act", {})
    assert not dispatcher._calls  # what cut_off() would end
    assert dispatcher.running == 0


async def test_the_calls_of_a_dispatcher_take_turns_with_one_another() -> None:
    calls: list[Call] = []

    async def handler(request: Request, call: Call) -> None:
        calls.append(call)

    dispatcher = Dispatcher(doing(handler))
    await call(dispatcher, "act", {})
    await call(dispatcher, "act", {})
    assert calls[0]._turns is calls[1]._turns is dispatcher._turns


async def test_a_handlers_task_is_named_after_its_call_and_knows_it() -> None:
    async def handler(request: Request, call: Call) -> list[object]:
        task = asyncio.current_task()
        return [task.get_name() if task else "", RUNNING.get() is call]

    assert (await call(doing(handler), "act", {"options": {"callId": "mine"}}))["data"] == ["act mine", True]


async def test_a_refused_call_is_answered_and_logged_as_any_other(logs: Logs) -> None:
    seen: list[tuple[str | None, str, float]] = []
    dispatcher = Dispatcher(doing(forever))
    dispatcher.observers.append(lambda *facts: seen.append(facts))
    reply = dispatcher.refuse("act", RpcError(RATE_LIMITED, "Slower."), FakeCaller())
    assert (reply["error"]["code"], len(reply["callId"])) == ("rate_limited", 12)
    assert reply.encoded is not None
    (line,) = lines(logs, "call")
    assert (line["method"], line["outcome"], line["caller"], line["call_id"], line["level"]) == (
        "act",
        "rate_limited",
        "fake",
        reply["callId"],
        "warning",
    )
    assert [facts[:2] for facts in seen] == [("act", "rate_limited")]
    assert 0 <= seen[0][2] < 60


async def test_a_refusal_that_is_quiet_is_counted_and_not_logged(logs: Logs) -> None:
    seen: list[tuple[str | None, str, float]] = []
    dispatcher = Dispatcher(doing(forever))
    dispatcher.observers.append(lambda *facts: seen.append(facts))
    dispatcher.refuse("act", RpcError(RATE_LIMITED, "Slower."), quiet=True)
    assert (len(seen), lines(logs, "call")) == (1, [])


async def test_a_refusal_with_bytes_in_its_details_is_internal(logs: Logs) -> None:
    error = RpcError(RATE_LIMITED, "Slower.", details={"what": b"bytes"})
    reply = Dispatcher(Registry()).refuse("act", error)
    assert reply["error"]["code"] == "internal"
    assert reply["error"]["details"]["id"] == reply["callId"]
    (line,) = lines(logs, "internal_error")
    assert "bytes in the reply of a method that is not registered as binary" in str(line)


async def test_a_refused_call_of_a_name_that_no_method_has_is_logged_by_it(logs: Logs) -> None:
    Dispatcher(Registry()).refuse("actt", RpcError(RATE_LIMITED, "Slower."))
    (line,) = lines(logs, "call")
    assert line["method"] == "actt"


async def test_the_time_of_a_call_is_logged_in_milliseconds(monkeypatch: pytest.MonkeyPatch, logs: Logs) -> None:
    moments = iter([10.0, 11.23456])
    monkeypatch.setattr("utils.dispatch.time", SimpleNamespace(monotonic=lambda: next(moments)))
    await call(raising(PART), "act", {})
    (line,) = lines(logs, "call")
    assert line["duration_ms"] == 1234.6


@pytest.mark.parametrize(
    ("says", "event", "told", "logged"),
    [
        ("a method", "act", "act", "act"),
        ("a name that no method has", "actt", None, "actt"),
        ("a name with digits, which may be a token", "act7", None, None),
        ("a name of 65 letters", "a" * 65, None, None),
        ("a name of 64 letters", "a" * 64, None, "a" * 64),
        ("no name at all", 7, None, None),
    ],
)
async def test_which_name_of_a_call_is_told(
    says: str, event: object, told: str | None, logged: str | None, logs: Logs
) -> None:
    async def handler(request: Request, call: Call) -> None: ...

    seen: list[tuple[str | None, str, float]] = []
    dispatcher = Dispatcher(doing(handler))
    dispatcher.observers.append(lambda *facts: seen.append(facts))
    await call(dispatcher, event, {})
    (line,) = lines(logs, "call")
    assert (seen[0][0], line.get("method")) == (told, logged), says
    assert 0 <= line["duration_ms"] < 60_000


async def test_the_line_of_a_call_that_went_well_is_no_warning_and_holds_no_empty_fact(logs: Logs) -> None:
    async def handler(request: Request, call: Call) -> None:
        call.note(host="a.b", empty=None)

    await call(doing(handler), "act", {})
    (line,) = lines(logs, "call")
    assert (line["level"], line["outcome"], line["host"], line["logger"]) == ("info", "ok", "a.b", "utils.dispatch")
    assert not {"errorcode", "caller", "empty"} & line.keys()


async def test_an_unknown_method_where_there_is_none_names_none() -> None:
    reply = await call(Registry(), "act", {})
    assert (reply["message"], reply["error"]["details"]) == ("There is no such method.", {"methods": []})

    methods = Registry()

    @methods.method("getUsers", "getFiles", "zip")
    async def get(request: Request, call: Call) -> None: ...

    reply = await call(methods, "getUser", {})
    assert reply["message"] == "There is no such method; the nearest are: getUsers, getFiles, zip."


async def test_a_stopping_service_says_so() -> None:
    dispatcher = Dispatcher(doing(forever))
    assert dispatcher.draining is False
    dispatcher.drain()
    assert (await call(dispatcher, "act", {}))["message"] == "The service is stopping; call again."


async def test_a_key_that_no_method_reads_is_warned_of() -> None:
    async def handler(request: Request, call: Call) -> None: ...

    reply = await call(doing(handler), "act", {"progresId": "p"})
    (warning,) = reply["warnings"]
    assert (warning["code"], warning["path"], warning["nearest"]) == ("unknown_key", "progresId", "progressId")
    assert "progresId" in warning["message"]


async def test_a_key_that_is_misspelt_where_a_call_writes_is_refused() -> None:
    async def handler(request: Request, call: Call) -> None: ...

    reply = await call(doing(handler, writes=True), "act", {"progresId": "p"})
    assert reply["error"]["code"] == "invalid_request"


async def test_a_method_without_a_request_takes_what_comes_and_tells_no_progress() -> None:
    methods = Registry()

    @methods.method("raw")
    async def raw(request: object, call: Call) -> object:
        await call.progress(1, 1)
        return request

    caller = FakeCaller()
    assert (await call(methods, "raw", "x", caller=caller))["data"] == "x"
    assert (await call(methods, "raw", caller=caller))["data"] is None
    assert caller.events == []


async def test_whether_nothing_is_left_to_do_is_told_at_once() -> None:
    assert await Dispatcher(Registry()).drained(0)


def listing() -> tuple[Registry, list[str]]:
    """A method that takes rows, and the threads in which they are read."""
    methods, threads = Registry(), []

    class Noted(Request):
        rows: tuple[int, ...] = ()

        @field_validator("rows")
        @classmethod
        def _note(cls, rows: tuple[int, ...]) -> tuple[int, ...]:
            threads.append(threading.current_thread().name)
            return rows

    @methods.method("list")
    async def act(request: Noted, call: Call) -> int:
        return len(request.rows)

    return methods, threads


async def test_long_lists_are_read_beside_the_event_loop() -> None:
    methods, threads = listing()
    for length in (10, 1000):
        assert (await call(Dispatcher(methods), "list", {"rows": [1] * length}))["data"] == length
    assert [name == threading.main_thread().name for name in threads] == [True, False]


async def test_a_call_that_is_cut_off_while_its_list_waits_to_be_read_gets_its_reply() -> None:
    methods, threads = listing()
    dispatcher = Dispatcher(methods)
    async with dispatcher._turns._threads.turn("another"):
        task = asyncio.create_task(dispatcher.dispatch("list", [{"rows": [1] * 1000}]))
        await asyncio.sleep(0)
        dispatcher.cut_off()
        reply = await task
    assert (reply["error"]["code"], threads) == ("timeout", [])
    assert "stopped before the call was done" in reply["message"]


@pytest.mark.parametrize(("rows", "binary", "aside"), [(10, False, False), (1000, False, True), (1000, True, True)])
async def test_long_results_are_written_beside_the_event_loop(
    rows: int, binary: bool, aside: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[bool] = []

    def noted(value: object) -> Encoded:
        threads.append(threading.current_thread() is threading.main_thread())
        return encode(value)

    async def handler(request: Request, call: Call) -> list[object]:
        return [b"x" if binary else "x"] * rows

    monkeypatch.setattr("utils.dispatch.encode", noted)
    reply = await call(doing(handler, binary=binary), "act", {"options": {"callId": "mine"}})
    assert (reply["success"], len(reply["data"]), reply["callId"]) == (True, rows, "mine")
    assert threads == [not aside]


async def test_bytes_in_a_long_result_are_a_bug_where_none_are_expected() -> None:
    async def handler(request: Request, call: Call) -> list[object]:
        return [b"x"] * 1000

    assert (await call(doing(handler), "act", {}))["error"]["code"] == "internal"


async def test_work_in_threads_is_done_for_callers_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    methods, _ = listing()

    @methods.method("long")
    async def long(request: Request, call: Call) -> list[int]:
        return [1] * 1000

    dispatcher, asked = Dispatcher(methods), list[object]()
    aside = Turns.aside

    async def noted(turns: Turns, work: Callable[[], object], *, whose: object = "nobody") -> object:
        asked.append(whose)
        return await aside(turns, work, whose=whose)

    monkeypatch.setattr(Turns, "aside", noted)
    for event, payload in (("list", {"rows": [1] * 1000}), ("long", {}), ("none", {})):
        for caller in (FakeCaller(), None):
            await call(dispatcher, event, payload, caller=caller)
    assert asked == ["fake", None] * 3


async def test_a_payload_is_as_long_as_its_first_argument() -> None:
    methods, threads = listing()
    reply = await call(methods, "list", {"rows": [1]}, [1] * 1000)
    assert (reply["error"]["code"], threads) == ("invalid_request", [])


async def test_the_nearest_names_are_looked_for_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    methods, threads = listing()

    def nearest(_self: Registry, _event: object) -> list[str]:
        threads.append(threading.current_thread().name)
        return ["list"]

    monkeypatch.setattr(Registry, "nearest", nearest)
    assert (await call(Dispatcher(methods), "lost"))["error"]["details"] == {"methods": ["list"]}
    assert threads != [threading.main_thread().name]
