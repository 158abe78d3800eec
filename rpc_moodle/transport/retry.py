"""What is tried again, and when: one table."""

import random
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

import tenacity

from rpc_moodle.transport import errors

T = TypeVar("T")

ATTEMPTS = 3
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 1.0
"""Seconds before the second attempt, doubled with each further one; up to as much as the first is added at random."""

LONGEST_WAIT = 10.0
"""Seconds of a Retry-After that is waited for; a longer one is passed on to whoever called."""

NEVER, READS, ALL = "never", "reads", "all"

# What may have been done is not sent again, unless doing it twice changes nothing. The first row that fits decides.
TABLE: tuple[tuple[type[errors.SiteError], str], ...] = (
    (errors.Untrusted, NEVER),  # a certificate does not mend itself
    (errors.Disconnected, READS),
    (errors.Unreachable, ALL),  # nothing was sent
    (errors.Truncated, READS),
    (errors.ServerFault, READS),
    (errors.PassingFault, READS),
    (errors.QueueFull, NEVER),  # trying again would make the queue longer
    (errors.SiteBusy, ALL),  # refused before anything was done
    (errors.SiteError, NEVER),
)


async def again(ask: Callable[[int], Awaitable[T]], *, read: bool, remaining: Callable[[], float]) -> T:
    """Await ``ask``, which is given the number of the attempt, from 1; and again as long as the table says so.

    ``remaining``: seconds until nobody waits for the answer any more; a pause that would not fit is not
    begun. The pauses grow exponentially with jitter; a Retry-After of the site takes their place.

    Raises what the last attempt has raised.
    """

    def worth_it(error: BaseException) -> bool:
        rule = next((rule for kind, rule in TABLE if isinstance(error, kind)), NEVER)
        if rule == NEVER or (rule == READS and not read):
            return False
        wait: float | None = getattr(error, "retry_after", None)
        return remaining() > LONGEST_PAUSE if wait is None else wait < min(remaining(), LONGEST_WAIT)

    try:
        return await ask(1)  # on its own: hardly any request needs more, and the machinery costs as much as sending it
    except errors.SiteError as error:
        first = error
    numbers = count(1)

    async def attempt() -> T:
        number = next(numbers)
        if number == 1:
            raise first
        return await ask(number)

    retrying = tenacity.AsyncRetrying(
        retry=tenacity.retry_if_exception(worth_it),
        stop=tenacity.stop_after_attempt(ATTEMPTS),
        wait=_pause,
        reraise=True,
    )
    return await retrying(attempt)


def _pause(state: tenacity.RetryCallState) -> float:
    """Choose the seconds before the next attempt: what the site says, else more each time, with jitter."""
    error = state.outcome.exception() if state.outcome is not None else None
    wait: float | None = getattr(error, "retry_after", None)
    if wait is not None:
        return wait
    growing: float = FIRST_PAUSE * 2 ** (state.attempt_number - 1)
    return min(LONGEST_PAUSE, growing + random.uniform(0, FIRST_PAUSE))  # noqa: S311 - spreads, guards nothing
