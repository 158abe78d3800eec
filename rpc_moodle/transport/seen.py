"""What was asked of sites, request by request, for whoever wants to know: a log, figures."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp


@dataclass
class Exchange:
    """One request: ``what`` names what was asked, such as a function; ``attempt`` counts from 1.

    Once it has ended, ``status`` is None where no answer came, and ``bytes`` are those of the body that came.
    """

    host: str
    what: str
    attempt: int
    status: int | None = None
    seconds: float = 0.0
    bytes: int = 0
    response: aiohttp.ClientResponse | None = None


Seen = Callable[[Exchange], None]
"""Is told of each request that has ended."""


@contextmanager
def seen_by(seen: Seen | None, exchange: Exchange) -> Iterator[Exchange]:
    """Tell of the request that runs inside the block, which hands over its ``response``."""
    started = time.monotonic()
    try:
        yield exchange
    finally:
        if seen is not None:
            exchange.seconds = time.monotonic() - started
            if exchange.response is not None:
                exchange.status, exchange.bytes = exchange.response.status, exchange.response.content.total_bytes
            seen(exchange)
