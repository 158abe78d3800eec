"""What a handler is given besides its request: deadline, log, caller, progress, warnings, shared objects."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

from utils.codec import Written
from utils.turns import Turns

T = TypeVar("T")
R = TypeVar("R")

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress events of a call: ten a second at most."""


class Deadline:
    """A moment by which a call must be answered; measured on the monotonic clock."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Set it ``seconds`` from now."""
        self.seconds = seconds
        self._clock = clock
        self._at = clock() + seconds

    def remaining(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._at - self._clock())

    @property
    def expired(self) -> bool:
        """Whether the moment has passed."""
        return self.remaining() == 0


class Caller(Protocol):
    """Whoever made a call, as far as a handler may know."""

    @property
    def id(self) -> str:
        """A name for logs."""

    @property
    def connected(self) -> bool:
        """Whether it is still there to read replies."""

    async def emit(self, event: str, data: object) -> None:
        """Send an event and do not wait; a caller that has gone is no error."""

    async def ask(self, event: str, data: object, timeout: float) -> object:  # noqa: ASYNC109 - the caller's patience, not a scope
        """Send an event and return what the caller acknowledges it with.

        Raises TimeoutError when nothing comes within ``timeout`` seconds, and at once when the caller has gone.
        """


class Shared:
    """The long-lived objects of the application, by type."""

    def __init__(self, objects: Iterable[object] = ()) -> None:
        """Take the objects; raises ValueError when two are of the same type."""
        self._objects: dict[type, object] = {}
        for item in objects:
            if type(item) in self._objects:
                raise ValueError(f"Two shared objects are of type {type(item).__name__}.")
            self._objects[type(item)] = item

    def get(self, kind: type[T]) -> T:
        """Return the object of that type or of a subclass; raises LookupError when there is none."""
        exact = self._objects.get(kind)
        if isinstance(exact, kind):
            return exact
        for item in self._objects.values():
            if isinstance(item, kind):
                return item
        raise LookupError(f"No shared object is a {kind.__name__}; pass one to the dispatcher.")


class Call:
    """One running call.

    ``id`` stands in every log line of the call; ``log`` is the structlog logger for them; ``state`` is what had
    been done, which a `timeout` error tells the caller; ``warnings`` go into the reply.
    """

    def __init__(  # noqa: PLR0913 - what a call is made of; only the dispatcher makes one
        self,
        *,
        id: str,  # noqa: A002 - the field's own name
        method: str,
        deadline: Deadline,
        log: Any,
        caller: Caller | None = None,
        shared: Shared | None = None,
        turns: Turns | None = None,
        progress_id: str | None = None,
        facts: dict[str, object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.id = id
        self.method = method
        self.deadline = deadline
        self.log = log
        self.caller = caller
        self.state: dict[str, object] = {}
        self.warnings: list[dict[str, object]] = []
        self._facts = facts if facts is not None else {}
        self._shared = shared or Shared()
        self._turns = turns or Turns()
        self._progress_id = progress_id
        self._clock = clock
        self._next_progress = float("-inf")
        self._held_back: dict[str, object] | None = None

    def shared(self, kind: type[T]) -> T:
        """Return the application's object of that type; raises LookupError when there is none."""
        return self._shared.get(kind)

    async def aside(self, work: Callable[[], R]) -> R:
        """Return the result of work that cannot be sliced, done in a thread. Raises what it raises."""
        return await self._turns.aside(work, whose=self.caller.id if self.caller else None)

    async def write(self, into: Written[R], made: Callable[[Sequence[T]], Sequence[R]], rows: Sequence[T]) -> None:
        """Write what is ``made`` of rows; between slices of many rows all other calls have their turn."""
        await self._turns.write(into, made, rows, whose=self.caller.id if self.caller else None)

    def note(self, **facts: object) -> None:
        """Add facts to the line that the log has about the call once it is over."""
        self._facts.update(facts)

    def warn(self, code: str, message: str, **extra: object) -> None:
        """Add ``{code, message, …extra}`` to the reply's warnings."""
        self.warnings.append({"code": code, "message": message, **extra})

    async def progress(
        self,
        done: int,
        total: int | None,
        *,
        bytes: int | None = None,  # noqa: A002 - the wire's own name
        bytes_total: int | None = None,
    ) -> None:
        """Say how far the call is, in items and in bytes; ``total`` is None while nobody knows it.

        A caller that gave a ``progressId`` gets ``progress`` events, at most ten a second and the last one always.
        """
        self.state.update(done=done, total=total)
        if bytes is not None:
            self.state["bytes"] = bytes
        if bytes_total is not None:
            self.state["bytesTotal"] = bytes_total
        if self._progress_id is None or self.caller is None:
            return
        self._held_back = {
            "progressId": self._progress_id,
            "method": self.method,
            "done": done,
            "total": total,
            "bytes": bytes,
            "bytesTotal": bytes_total,
        }
        now = self._clock()
        if (total is not None and done >= total) or now >= self._next_progress:
            self._next_progress = now + PROGRESS_INTERVAL
            await self.flush_progress()

    async def flush_progress(self) -> None:
        """Send the newest progress that the limit has held back, if any."""
        event, self._held_back = self._held_back, None
        if event is None or self.caller is None:
            return
        try:
            await self.caller.emit("progress", event)
        except Exception as error:  # noqa: BLE001 - a caller that cannot be told must not fail the work
            self.log.debug("progress_not_sent", reason=type(error).__name__)


RUNNING: ContextVar[Call | None] = ContextVar("RUNNING", default=None)
"""The call whose handler is at work, for what is deeper than a call is handed on."""
