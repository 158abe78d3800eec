"""The service of a benchmark: as an operator starts it, and with a route that tells what it has cost so far.

Usage: ``python benchmarks/probed.py``; settings come from the environment. The first line it writes is its URL.
``/__probe`` gives ``cpu`` in seconds since the start, ``stall``, the longest time in seconds for which the event loop
was at work without a break, and ``rss`` and ``peak`` in KiB; the last but one and the last since the probe before.
"""

import asyncio
import time
from pathlib import Path

import uvloop
from aiohttp import web

from rpc_moodle.app import create_app
from rpc_moodle.settings import Settings
from utils.logs import configure
from utils.server.lifecycle import listening, settle

LOOK_SECONDS = 0.005


class Probe:
    """Looks at the loop two hundred times a second; what the machine does meanwhile does not count."""

    def __init__(self) -> None:
        self.stall = 0.0

    async def watch(self) -> None:
        while True:
            looked, worked = time.monotonic(), time.thread_time()
            await asyncio.sleep(LOOK_SECONDS)
            late = time.monotonic() - looked - LOOK_SECONDS
            self.stall = max(self.stall, min(late, time.thread_time() - worked))

    async def show(self, _request: web.Request) -> web.Response:
        stall, self.stall = self.stall, 0.0
        memory = {name: int(value.split()[0]) for name, value in _status() if name in {"VmRSS", "VmHWM"}}
        Path("/proc/self/clear_refs").write_text("5")  # noqa: ASYNC240 - a file of the kernel's, not of a disk
        return web.json_response(
            {"cpu": time.process_time(), "stall": stall, "rss": memory["VmRSS"], "peak": memory["VmHWM"]}
        )


def _status() -> list[tuple[str, str]]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return [(name, value) for name, _, value in (line.partition(":\t") for line in lines)]


async def main() -> None:
    settings = Settings()
    configure(settings)
    app = create_app(settings)
    probe = Probe()
    app.router.add_get("/__probe", probe.show)
    async with listening(app, host=settings.host, port=settings.port) as url:
        settle()
        print(url, flush=True)
        await probe.watch()


if __name__ == "__main__":
    uvloop.run(main())
