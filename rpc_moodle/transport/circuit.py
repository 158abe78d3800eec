"""A circuit: after several failures in a row a site is left alone for a while, and then asked once."""

import time
from collections.abc import Callable


class Circuit:
    """Open after ``failures`` in a row, for ``seconds``; then half open: one request decides.

    Only what says that the site itself is ill counts: no connection, no answer in time, 5xx. An error that
    Moodle words itself is an answer like any other.
    """

    def __init__(self, *, failures: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Start closed."""
        self._limit = failures
        self._seconds = seconds
        self._clock = clock
        self._failures = 0
        self._until = 0.0
        self._probing = False

    @property
    def state(self) -> str:
        """``closed``, ``open`` or ``half-open``."""
        if self._failures < self._limit:
            return "closed"
        return "open" if self._clock() < self._until else "half-open"

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

    def failed(self) -> None:
        """Count a failure; the last of several opens, and so does that of a half-open circuit's probe."""
        self._failures, self._probing = self._failures + 1, False
        if self._failures >= self._limit:
            self._until = self._clock() + self._seconds

    def given_up(self) -> None:
        """Let another request be the probe: this one was cancelled, which says nothing about the site."""
        self._probing = False
