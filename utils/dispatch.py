"""Validate, call, answer: the one place that turns whatever happens to a call into a reply."""

import asyncio
import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

import structlog
from structlog.contextvars import bound_contextvars

from utils.call import RUNNING, Call, Caller, Deadline, Shared
from utils.codec import encode
from utils.contract import Envelope, Request, call_id_of, failure, success
from utils.errors import INTERNAL, RATE_LIMITED, TIMEOUT, UNKNOWN_METHOD, RpcError, leaves_of
from utils.registry import Method, Registry
from utils.turns import Turns
from utils.validation import is_long, read

UNWIND_SECONDS = 1.0
"""How long a handler that was told to stop may take to say what it had done."""

_STOPPED = "The service stopped before the call was done; call again."

_LOGGABLE_EVENT = re.compile(r"[A-Za-z_.:-]{1,64}")
"""Unknown event names that may stand in a log: no digits, hence no token sent in the wrong place."""


class Dispatcher:
    """Answers calls of a registry's methods, with the objects that the application shares with its handlers.

    ``default_timeout``: seconds until a call without ``options.timeoutMs`` is answered with `timeout`.
    ``translate``: makes an RpcError of a foreign exception, or returns None when it is a bug.
    ``observers`` are told of each reply: the method's name, if there is such a method, its outcome, and the seconds.
    """

    def __init__(
        self,
        registry: Registry,
        *,
        shared: Iterable[object] = (),
        default_timeout: float = 25.0,
        translate: Callable[[Exception], RpcError | None] = lambda _: None,
    ) -> None:
        self.registry = registry
        self.draining = False
        self.observers: list[Callable[[str | None, str, float], None]] = []
        self._shared = Shared(shared)
        self._turns = Turns()
        self._default_timeout = default_timeout
        self._translate = translate
        self._log = structlog.get_logger("utils.dispatch")
        self._calls: set[asyncio.Task[object]] = set()
        self._handlers: set[asyncio.Task[object]] = set()

    @property
    def running(self) -> int:
        """How many handlers are at work."""
        return len(self._handlers)

    def drain(self) -> None:
        """Answer every further call at once with a retryable error."""
        self.draining = True

    async def drained(self, timeout: float) -> bool:  # noqa: ASYNC109 - returns False rather than raise
        """Wait until no handler runs, ``timeout`` seconds at most; return whether that came about."""
        deadline = Deadline(timeout)
        while self._handlers and not deadline.expired:
            await asyncio.wait(self._handlers, timeout=deadline.remaining())
        return not self._handlers

    def cut_off(self) -> None:
        """End every running call: its handler is cancelled and the caller gets a retryable error."""
        for task in self._calls:
            task.cancel()

    async def dispatch(self, event: object, args: Sequence[object], caller: Caller | None = None) -> Envelope:
        """Perform one call and return its reply, encoded; never raises.

        ``event`` and ``args`` are as they came from the wire: anything. Cancelling the task that runs this ends the
        handler and still returns a reply. One line per call is logged: method, outcome, duration in milliseconds, and
        what the handler has noted; of a call that failed it is a warning. ``options.callId`` names the call in all
        lines and in the reply; without it a name is made.
        """
        call_id = call_id_of(args) or secrets.token_hex(6)
        task = asyncio.current_task()
        if task is not None:
            self._calls.add(task)
        try:
            with bound_contextvars(call_id=call_id):
                return await self._timed(call_id, event, args, caller)
        finally:
            if task is not None:
                self._calls.discard(task)

    def refuse(self, event: object, error: RpcError, caller: Caller | None = None, *, quiet: bool = False) -> Envelope:
        """Return the reply to a call that is not made, and log it as any other, but for a ``quiet`` one."""
        call_id = secrets.token_hex(6)
        with bound_contextvars(call_id=call_id):
            envelope = self._encoded(call_id, failure(error), binary=False)
            self._report(event, self._find(event), caller, time.monotonic(), envelope, {}, quiet=quiet)
        return envelope

    async def _timed(self, call_id: str, event: object, args: Sequence[object], caller: Caller | None) -> Envelope:
        started = time.monotonic()
        method = self._find(event)
        facts: dict[str, object] = {}
        try:
            envelope = await self._perform(call_id, event, method, args, caller, facts)
            if is_long(envelope["data"]):
                write = partial(self._encoded, call_id, envelope, binary=method is not None and method.binary)
                envelope = await self._turns.aside(write, whose=caller.id if caller else None)
        except Exception as error:  # noqa: BLE001 - this is where every exception becomes a reply
            envelope = failure(self._as_rpc_error(call_id, error))
        except asyncio.CancelledError:  # before there was a handler
            _not_passed_on()
            envelope = failure(RpcError(TIMEOUT, _STOPPED))
        if envelope.encoded is None:
            envelope = self._encoded(call_id, envelope, binary=method is not None and method.binary)
        self._report(event, method, caller, started, envelope, facts)
        return envelope

    async def _perform(  # noqa: PLR0913, PLR0917 - all that is known of a call
        self,
        call_id: str,
        event: object,
        method: Method | None,
        args: Sequence[object],
        caller: Caller | None,
        facts: dict[str, object],
    ) -> Envelope:
        whose = caller.id if caller else None
        if self.draining:
            raise RpcError(RATE_LIMITED, "The service is stopping; call again.", details={"retryAfter": 1})
        if method is None:
            nearest = await self._turns.aside(partial(self.registry.nearest, event), whose=whose)
            known = f"; the nearest are: {', '.join(nearest)}." if nearest else "."
            raise RpcError(UNKNOWN_METHOD, f"There is no such method{known}", details={"methods": nearest})
        seconds = self._default_timeout
        progress_id = None
        reading = partial(read, method.request_model, args, writes=method.writes)
        long = is_long(*args[:1])
        request, unknown = await self._turns.aside(reading, whose=whose) if long else reading()
        if isinstance(request, Request):
            seconds = (request.options.timeout_ms or seconds * 1000) / 1000
            progress_id = request.progress_id
        call = Call(
            id=call_id,
            method=method.name,
            deadline=Deadline(seconds),
            log=self._log.bind(method=method.name),
            caller=caller,
            shared=self._shared,
            turns=self._turns,
            progress_id=progress_id,
            facts=facts,
        )
        for key in unknown:
            call.warn("unknown_key", key.sentence, path=key.path, nearest=key.nearest)
        return success(await self._run(method, request, call), call.warnings)

    async def _run(self, method: Method, request: object, call: Call) -> object:
        """Run the handler in a task of its own, so that not even one that ignores its cancellation delays the reply."""
        task = asyncio.create_task(self._handle(method, request, call), name=f"{method.name} {call.id}")
        self._handlers.add(task)
        task.add_done_callback(self._handlers.discard)
        try:
            done, _ = await asyncio.wait({task}, timeout=call.deadline.remaining())
        except asyncio.CancelledError:
            _not_passed_on()
            return await self._stopped(task, call, _STOPPED)
        if done and not task.cancelled():
            try:
                return task.result()
            except Exception as error:  # noqa: BLE001 - it is answered in its place
                known = self._as_rpc_error(call.id, error)
            if known.code is TIMEOUT:
                known.details = {**call.state, **known.details}
            raise known
        if done:
            raise RuntimeError("the handler cancelled itself")
        seconds = f"{call.deadline.seconds:g}"
        return await self._stopped(
            task, call, f"The call was not done within {seconds} s; allow more by options.timeoutMs."
        )

    @staticmethod
    async def _handle(method: Method, request: object, call: Call) -> object:
        RUNNING.set(call)
        try:
            result: object = await method.handler(request, call)
            await call.flush_progress()
        except (SystemExit, GeneratorExit) as error:
            # Out of a task these would end the event loop or vanish.
            raise RuntimeError(f"the handler raised {type(error).__name__}") from error
        return result

    async def _stopped(self, task: asyncio.Task[object], call: Call, message: str) -> object:
        """Cancel the handler; return what it still answers, else raise `timeout` with what it had done."""
        task.cancel()
        try:
            await asyncio.wait({task}, timeout=UNWIND_SECONDS)
        except asyncio.CancelledError:
            call.log.debug("cancelled_twice")
        if not task.done():
            call.log.warning("handler_ignores_cancellation")
            task.add_done_callback(_retrieve)
        elif not task.cancelled():
            error = task.exception()
            if error is None:
                return task.result()
            if isinstance(error, RpcError):
                raise error
            call.log.debug("handler_failed_while_stopping", exc_info=error)
        raise RpcError(TIMEOUT, message, details={"timeoutMs": round(call.deadline.seconds * 1000), **call.state})

    def _as_rpc_error(self, call_id: str, error: Exception) -> RpcError:
        leaves = tuple(leaves_of(error))
        try:
            for leaf in leaves:
                known = leaf if isinstance(leaf, RpcError) else self._translate(leaf)
                if known is not None:
                    return known
        except Exception as bug:  # noqa: BLE001 - a translation with a bug still owes a reply
            return self._bug(call_id, bug)
        if any(isinstance(leaf, TimeoutError) for leaf in leaves):
            return RpcError(TIMEOUT, "A step of the call took too long; call again.")
        return self._bug(call_id, error)

    def _bug(self, call_id: str, error: Exception) -> RpcError:
        self._log.error("internal_error", exc_info=error)
        return RpcError(
            INTERNAL,
            f"The service made a mistake; its log says more about the call {call_id}.",
            details={"id": call_id},
        )

    def _encoded(self, call_id: str, envelope: Envelope, *, binary: bool) -> Envelope:
        """Return the reply with its wire form, or an `internal` one when it has none."""
        try:
            envelope["callId"] = call_id
            envelope.encoded = encode(envelope)
            if envelope.encoded.attachments and not binary:
                raise TypeError("bytes in the reply of a method that is not registered as binary")
        except Exception as error:  # noqa: BLE001 - whatever cannot be written is a bug of the handler
            envelope = failure(self._bug(call_id, error))
            envelope["callId"] = call_id
            envelope.encoded = encode(envelope)
        return envelope

    def _report(  # noqa: PLR0913, PLR0917 - all that is said of a call
        self,
        event: object,
        method: Method | None,
        caller: Caller | None,
        started: float,
        envelope: Envelope,
        facts: Mapping[str, object],
        *,
        quiet: bool = False,
    ) -> None:
        seconds = time.monotonic() - started
        outcome = "ok" if envelope["success"] else envelope["error"]["code"]
        name = method.name if method is not None else None
        for observer in self.observers:
            observer(name, outcome, seconds)
        if quiet:
            return
        if name is None and isinstance(event, str) and _LOGGABLE_EVENT.fullmatch(event):
            name = event
        failed = {} if envelope["success"] else {"errorcode": envelope["error"]["details"].get("errorcode")}
        known = {**facts, **failed, "caller": caller.id if caller is not None else None}
        self._log.log(
            logging.WARNING if failed else logging.INFO,
            "call",
            method=name,
            outcome=outcome,
            duration_ms=round(seconds * 1000, 1),
            **{key: value for key, value in known.items() if value is not None},
        )

    def _find(self, event: object) -> Method | None:
        return self.registry.find(event) if isinstance(event, str) else None


def _not_passed_on() -> None:
    """Take back a cancellation: the caller is owed a reply, and this task ends with it."""
    if (current := asyncio.current_task()) is not None:
        current.uncancel()


def _retrieve(task: asyncio.Task[object]) -> None:
    """Look at a late result, so that asyncio does not report it as never retrieved."""
    if not task.cancelled():
        task.exception()
