"""Publishing feedback and grades so that nothing else changes, and saying of each what was seen to happen."""

import asyncio
import time
from collections.abc import Callable, Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.entries import (
    WORKFLOW_STATES,
    Criterion,
    Entry,
    Filling,
    InvalidEntries,
    Options,
    Problem,
    TextFormat,
)
from rpc_moodle.moodle.publishing.publication import Progress, Publication
from rpc_moodle.moodle.publishing.report import Code, Outcome, Report, Result, bare

__all__ = [
    "WORKFLOW_STATES",
    "Code",
    "Criterion",
    "Entry",
    "Filling",
    "InvalidEntries",
    "Options",
    "Outcome",
    "Problem",
    "Publication",
    "Report",
    "Result",
    "TextFormat",
    "bare",
    "publish",
]


async def publish(  # noqa: PLR0913 - what a publication is made of
    moodle: MoodleClient,
    assignment: Assignment,
    entries: Sequence[Entry],
    options: Options | None = None,
    *,
    seconds: float = float("inf"),
    progress: Progress | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Publish entries to an assignment and report on each; after ``seconds`` no further write is started.

    Writes in flight are finished and read back, also when this is cancelled. The same call again
    publishes only what is missing.

    Raises InvalidEntries, and any MoodleError that comes before anything is written.
    """
    end = clock() + seconds
    publication = Publication(
        moodle, assignment, entries, options, time_left=lambda: end - clock(), progress=progress, clock=clock
    )
    running = asyncio.create_task(publication.run())
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        publication.stop()
        await asyncio.wait({running})
        if not running.cancelled():
            running.exception()  # looked at, so that asyncio does not report it
        raise
