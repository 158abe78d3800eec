"""How many users one wave writes to, so that it is written and read back while there is time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rpc_moodle.moodle.publishing.entries import Options

_TOGETHER, _ALONE = 0.03, 0.06
"""Seconds that a user is given, written to with others or alone, until a wave has been measured."""

_READING, _LEAST_READING = 1.5, 0.3
"""Seconds that are kept for reading, until that has been measured; and at least, whatever was measured."""

_FEW_TOGETHER = 8
"""Users who are written to together in hardly more time than one."""


class Pace:
    """Sizes waves: several requests for many users side by side, or as many users as there are places."""

    def __init__(self, options: Options, clock: Callable[[], float]) -> None:
        """Start with a guess."""
        self._options = options
        self._clock = clock
        self._each: float | None = None
        self._reading = self._later = _READING

    def size(self, together: bool, time_left: float) -> int:  # noqa: FBT001 - one of two kinds of wave
        """Return the users of the next wave, at least one, or a few where they take hardly longer than one."""
        most = self._options.chunk * max(1, self._options.parallel // 2) if together else self._options.parallel
        if time_left == float("inf"):
            return most
        each = self._each or (_TOGETHER if together else _ALONE)
        least = min(_FEW_TOGETHER, most) if together else 1
        return max(least, min(most, int((time_left - self._reading) / each)))

    @contextmanager
    def surveyed(self) -> Iterator[None]:
        """Measure one look at everybody: the first wave is looked at after it, the others before and after."""
        started = self._clock()
        yield
        self._reading = max(_LEAST_READING, self._clock() - started)
        self._later = 2 * self._reading

    @contextmanager
    def measured(self, users: int) -> Iterator[None]:
        """Measure a wave of so many users."""
        started = self._clock()
        yield
        self._each = max(0.001, (self._clock() - started) / max(1, users))
        self._reading = self._later
