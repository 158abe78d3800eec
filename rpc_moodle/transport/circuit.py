"""A circuit: after several failures in a row a site is left alone for a while, and then asked once."""

import time
from collections.abc import Callable, Hashable


class Circuit:
    """Open after ``failures`` in a row, seen by ``witnesses``, for ``seconds``; then half open: one request decides.

    Only what says that the site itself is ill counts: no connection, no answer in time, 5xx. An error that
    the site words itself is an answer like any other.
    """

    def __init__(
        self, *, failures: int, seconds: float, witnesses: int = 1, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start closed."""
        self._limit = failures
        self._seconds = seconds
        self._enough = witnesses
        self._clock = clock
        self._failures = 0
        self._witnesses: set[Hashable] = set()
        self._until = 0.0
        self._probing = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        if not self._is_tripped:
            return "closed"
        return "open" if self._clock() < self._until else "half-open"

    @property
    def idle(self) -> bool:
        """Whether it is as good as a new one."""
        return not self._failures and not self._probing

    @property
    def _is_tripped(self) -> bool:
        return self._failures >= self._limit and len(self._witnesses) >= self._enough

    def wait(self) -> float | None:
        """Ask for permission: None when a request may go, else the seconds after which to ask again.

        Half open, the first to ask gets it, and must report :meth:`succeeded`, :meth:`failed` or :meth:`given_up`.
        """
        state = self.state
        if state == "closed":
            return None
        if state == "half-open" and not self._probing:
            self._probing = True
            return None
        return max(1.0, round(self._until - self._clock(), 1))

    def succeeded(self) -> None:
        """Close."""
        self._failures, self._probing = 0, False
        self._witnesses.clear()

    def failed(self, witness: Hashable = None) -> None:
        """Count a failure; the last of several opens, and so does that of a half-open circuit's probe."""
        self._failures, self._probing = self._failures + 1, False
        if len(self._witnesses) < self._enough:
            self._witnesses.add(witness)
        if self._is_tripped:
            self._until = self._clock() + self._seconds

    def given_up(self) -> None:
        """Let another request be the probe: this one was cancelled, which says nothing about the site."""
        self._probing = False
