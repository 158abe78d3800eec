"""How many users one wave writes to, so that it is written and read back while there is time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rpc_moodle.moodle.publishing.entries import Options

_FIRST_GUESS = 0.06
"""Seconds that a user is given until a wave has been measured."""

_READING = 1.5
"""Seconds that are kept for reading back."""


class Pace:
    """Sizes waves: several requests for many users side by side, or as many users as there are places."""

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        """Start with a guess."""
        self._options = options
        self._clock = clock
        self._each = _FIRST_GUESS

    def size(self, together: bool, time_left: float) -> int:  # noqa: FBT001 - one of two kinds of wave
        """Return the users of the next wave, at least one."""
        most = self._options.chunk * max(1, self._options.parallel // 2) if together else self._options.parallel
        if time_left == float("inf"):
            return most
        return max(1, min(most, int((time_left - _READING) / self._each)))

    @contextmanager
    def measured(self, users: int) -> Iterator[None]:
        """Measure a wave of so many users."""
        started = self._clock()
        yield
        self._each = max(0.001, (self._clock() - started) / max(1, users))
