"""What was asked of Moodle sites, as lines of the log, as figures, and in what a call that ran out of time says."""

from collections.abc import Iterator

import structlog
from prometheus_client import Counter, Histogram
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from rpc_moodle.moodle import Http
from rpc_moodle.transport.seen import Exchange
from utils.call import RUNNING
from utils.metrics import BUCKETS


class Trace(Collector):
    """Takes notice of every request to a site: ``rpc_moodle_requests_…`` in the figures, a line at ``debug``."""

    def __init__(self) -> None:
        """Start with none seen."""
        self._seconds = Histogram(
            "rpc_moodle_request_seconds",
            "How long requests to Moodle sites took.",
            ("function", "outcome"),
            registry=None,
            buckets=BUCKETS,
        )
        self._again = Counter("rpc_moodle_retries", "Requests that were sent again.", ("function",), registry=None)
        self._log = structlog.get_logger("rpc_moodle.trace")
        self._http: Http | None = None

    def watch(self, http: Http) -> None:
        """Take the connections whose joined requests are to be counted."""
        self._http = http

    def seen(self, exchange: Exchange) -> None:
        """Take notice of a request that has ended."""
        outcome = "lost" if exchange.status is None else f"{exchange.status // 100}xx"
        self._seconds.labels(exchange.what, outcome).observe(exchange.seconds)
        if exchange.attempt > 1:
            self._again.labels(exchange.what).inc()
        call = RUNNING.get()
        if call is not None:
            call.state["requests"] = int(str(call.state.get("requests", 0))) + 1
        self._log.debug(
            "request",
            function=exchange.what,
            status=exchange.status,
            duration_ms=round(exchange.seconds * 1000, 1),
            host=exchange.host,
            bytes=exchange.bytes,
            attempt=exchange.attempt,
        )

    def collect(self) -> Iterator[Metric]:
        """Read all values."""
        yield from self._seconds.collect()
        yield from self._again.collect()
        joined = self._http.sharing.joined if self._http is not None else 0
        yield CounterMetricFamily(
            "rpc_moodle_joined", "Requests that were not sent, as the same one was on its way.", value=joined
        )

    def describe(self) -> Iterator[Metric]:
        """Name the figures without reading them."""
        yield from self._seconds.describe()
        yield from self._again.describe()
        yield CounterMetricFamily("rpc_moodle_joined", "")
