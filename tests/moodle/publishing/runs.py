"""One publication as a test runs it."""

import time
from collections.abc import Callable, Sequence

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing import Entry, Options, Progress, Publication, Report


async def publish(
    moodle: MoodleClient,
    assignment: Assignment,
    entries: Sequence[Entry],
    options: Options | None = None,
    *,
    seconds: float = float("inf"),
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Publish within seconds."""
    end = clock() + seconds
    return await Publication(
        moodle, assignment, entries, options, time_left=lambda: end - clock(), progress=progress, clock=clock
    ).run()
