"""Long work on many rows, with a turn for all others in between."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

SLICE_SECONDS = 0.01
"""How long the work on rows goes on before others have their turn."""


async def unhurried(rows: Iterable[T]) -> AsyncIterator[T]:
    """Yield rows; whenever the making of them and what is done with each has taken so long, others go first."""
    since = time.perf_counter()
    for row in rows:
        yield row
        if time.perf_counter() - since > SLICE_SECONDS:
            await asyncio.sleep(0)
            since = time.perf_counter()
