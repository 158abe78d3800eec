"""Figures for Prometheus: what was called, how it ended, how long it took, and whatever a service adds."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from aiohttp import web
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from utils.auth import Gate, bearer

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0)
"""Upper bounds of the durations' histogram, in seconds."""


class Metrics:
    """The figures of one service, in a registry of their own, and the route ``/metrics``.

    ``rpc_calls_total{method, outcome}``; ``rpc_call_seconds{method}``; ``rpc_calls_running``; ``rpc_sockets``;
    ``rpc_loop_longest_block_seconds``; the ``process_…`` figures of the client library; the service's collectors.
    """

    def __init__(self, collectors: Iterable[Collector] = ()) -> None:
        """Take the collectors of the service; raises ValueError when two have a metric of the same name."""
        self.registry = CollectorRegistry()
        self._calls = Counter("rpc_calls", "Calls answered.", ("method", "outcome"), registry=self.registry)
        self._seconds = Histogram(
            "rpc_call_seconds", "How long calls took.", ("method",), registry=self.registry, buckets=BUCKETS
        )
        ProcessCollector(registry=self.registry)
        for collector in collectors:
            self.registry.register(collector)

    def observe(self, method: str | None, outcome: str, seconds: float) -> None:
        """Count a call; ``method`` is None where there is no such method, so that callers cannot add labels."""
        self._calls.labels(method or "unknown", outcome).inc()
        self._seconds.labels(method or "unknown").observe(seconds)

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read whenever the figures are asked for."""
        Gauge(name, meaning, registry=self.registry).set_function(read)

    def add_routes(self, app: web.Application, gate: Gate) -> None:
        """Attach ``/metrics`` to an application: 401 for whoever shows no token where one is asked for."""

        async def show(request: web.Request) -> web.Response:
            if not await gate.lets_in(request.remote, bearer(request.headers.get("Authorization"))):
                return web.json_response(
                    {"message": "Send a token as: Authorization: Bearer …"},
                    status=401,
                    headers={"WWW-Authenticate": "Bearer"},
                )
            return web.Response(body=generate_latest(self.registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

        app.router.add_get("/metrics", show)


class Gauges(Collector):
    """A gauge with labels whose values a service has elsewhere, such as the state of each of its peers."""

    def __init__(
        self,
        name: str,
        meaning: str,
        labels: Sequence[str],
        read: Callable[[], Iterable[tuple[Sequence[str], float]]],
    ) -> None:
        """Take ``read``, which yields the labels' values and the gauge's, for each."""
        self._name = name
        self._meaning = meaning
        self._labels = labels
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Read all values."""
        family = GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
        for labels, value in self._read():
            family.add_metric(labels, value)
        yield family

    def describe(self) -> Iterator[Metric]:
        """Name the metric without reading it."""
        yield GaugeMetricFamily(self._name, self._meaning, labels=self._labels)
