"""A bad day in minutes: steady calls, a site that fails, callers that stall or vanish; and all has to stay flat.

Site, service and callers are a process each. Usage: ``python benchmarks/soak.py [SECONDS]``. Prints the figures, puts
them and a plot into ``docs/_static``, and ends with status 1 when something is not as it should be.
"""

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from random import Random
from typing import Any

import aiohttp
import socketio
import uvloop
from aiohttp import web
from rich.console import Console
from soak_report import Report, Sample

from rpc_moodle.app import create_app
from rpc_moodle.sandbox.seed import token_value
from rpc_moodle.settings import Settings
from tests.processes import MIB, Running, service, site
from utils.client import Client, connected
from utils.contract import Envelope
from utils.logs import configure
from utils.server import serve

SECONDS = 600
CALLS_PER_SECOND = 30
BACKENDS = 6
STUDENTS = range(5, 35)
FORGOTTEN = 50  # seconds after which Engine.IO gives up a caller that says nothing

WEATHER = [
    {"fault": "delay", "probability": 0.05, "seconds": 0.3, "seed": 1},
    {"fault": "status", "probability": 0.02, "status": 503, "seed": 2},
    {"fault": "status", "probability": 0.01, "status": 429, "retry_after": 2, "seed": 3},
    {"fault": "cut_before", "probability": 0.02, "seed": 4},
    {"fault": "cut_after", "probability": 0.01, "function": "?*", "seed": 5},
    {"fault": "truncated", "probability": 0.01, "seed": 6},
    {"fault": "html", "probability": 0.01, "seed": 7},
    {"fault": "invalid_json", "probability": 0.005, "seed": 8},
    {"fault": "hang_before", "probability": 0.004, "function": "core_*", "seed": 9},
    {"fault": "drip", "probability": 0.002, "function": "core_*", "seconds": 0.2, "seed": 10},
    {"fault": "gzip_bomb", "probability": 0.0005, "seed": 11},
]
"""What goes wrong at the site, and how often."""


class Soak:
    """The callers, and what they have seen."""

    def __init__(self, running: Running, moodle: Running, http: aiohttp.ClientSession) -> None:
        self.codes: Counter[str] = Counter()
        self.unanswered = 0
        self.samples: list[Sample] = []
        self._running = running
        self._moodle = moodle
        self._http = http
        self._random = Random(7)  # noqa: S311 - a run that can be had again
        self._tasks: set[asyncio.Task[None]] = set()
        self._started = time.monotonic()

    async def sample(self) -> Sample:
        """Look at the service."""
        async with self._http.get(f"{self._running.url}/tasks") as response:
            tasks = int(await response.text())
        async with self._http.get(f"{self._running.url}/metrics") as response:
            metrics = await response.text()
        sockets = next(float(line.split()[1]) for line in metrics.splitlines() if line.startswith("rpc_sockets "))
        found = Sample(
            time.monotonic() - self._started,
            round(self._running.memory() / MIB, 1),
            self._running.descriptors(),
            self._running.threads(),
            tasks,
            int(sockets),
            self.codes.total(),
        )
        self.samples.append(found)
        return found

    async def load(self, seconds: float) -> None:
        """Call at a steady pace for so long; then wait for every reply."""
        async with AsyncExitStack() as stack:
            backends = [
                await stack.enter_async_context(connected(self._running.url, transports=[transport]))
                for transport in ("websocket", "polling") * (BACKENDS // 2)
            ]
            for backend in backends:
                backend.on("file", self._take)
            begin, number = time.monotonic(), 0
            while (now := time.monotonic() - begin) < seconds:
                if now < number / CALLS_PER_SECOND:
                    await asyncio.sleep(number / CALLS_PER_SECOND - now)
                self._begin(self._answered(self._random.choice(backends)))
                if number % CALLS_PER_SECOND == 0:
                    self._begin(self._vanishing())
                    self._begin(self._looking())
                if number % (5 * CALLS_PER_SECOND) == 0:
                    self._begin(self._silent())
                number += 1
            await asyncio.gather(*self._tasks)

    def _begin(self, what: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _looking(self) -> None:
        await self.sample()

    async def _take(self, _part: object) -> bool:
        """Acknowledge a piece of a file, now and then late."""
        if self._random.random() < 0.2:  # noqa: PLR2004 - one in five
            await asyncio.sleep(0.5)
        return True

    async def _answered(self, backend: Client) -> None:
        event, payload = self._any()
        try:
            reply = await backend.call(event, payload, seconds=40)
        except TimeoutError:
            self.unanswered += 1
            return
        self.codes["ok" if reply["success"] else reply["error"]["code"]] += 1
        if event == "getSubmissionsInfosFromAssignment" and reply["success"]:
            await self._download(backend, reply)

    async def _download(self, backend: Client, reply: Envelope) -> None:
        urls = [file["fileurl"] for row in reply["data"] for file in row["files"]]
        wanted = self._random.sample(urls, 4)
        way = self._random.choice(({}, {"detailed": True}, {"stream": True}))
        try:
            reply = await backend.call("downloadSubmissionsFromUser", {"fileUrls": wanted, **way}, seconds=40)
        except TimeoutError:
            self.unanswered += 1
            return
        self.codes["ok" if reply["success"] else reply["error"]["code"]] += 1

    def _any(self) -> tuple[str, Any]:
        """Choose a call, now and then a wrong one."""
        options = {"url": self._moodle.url, "apiKey": token_value("teacher_full"), "timeoutMs": 8000}
        ids = {"courseID": 2, "assignmentID": 8, "options": options}
        students = self._random.sample(STUDENTS, 3)
        feedback = [{"extId": each, "text": f"Text {self._random.random()}"} for each in students]
        calls: list[tuple[int, str, Any]] = [
            (20, "getUsersFromCourse", ids),
            (5, "getUsersFromCourse", {**ids, "courseID": 5}),
            (15, "getUsersFromAssignment", ids),
            (15, "getAssignmentInfoFromCourse", ids),
            (15, "getSubmissionsInfosFromAssignment", ids),
            (4, "publishAssignmentTextFeedback", {**ids, "feedback": feedback, "progressId": f"{self.codes.total()}"}),
            (2, "publishGrades", {**ids, "grades": [{"extId": each, "grade": 50} for each in students]}),
            (3, "createSubmissionsArchive", ids),
            (3, "getUsersFromCourse", {**ids, "options": {**options, "apiKey": "f" * 32}}),
            (3, "getUsersFromCourse", {**ids, "courseID": "x" * 1000}),
            (2, "noSuchMethod", [None, "text", 7]),
            (4, "call", None),
        ]
        _, event, payload = self._random.choices(calls, [weight for weight, _, _ in calls])[0]
        return event, payload

    async def _vanishing(self) -> None:
        """Connect, call, and go without waiting for the reply."""
        backend = socketio.AsyncClient(reconnection=False)
        await backend.connect(self._running.url, transports=["websocket"])
        await backend.emit(*self._any())
        await asyncio.sleep(self._random.random() / 20)
        await backend.disconnect()

    async def _silent(self) -> None:
        """Begin to poll, and never come back."""
        async with self._http.get(f"{self._running.url}/socket.io/?EIO=4&transport=polling") as response:
            await response.read()


async def main(seconds: int, console: Console) -> int:
    """Run it; return the exit status."""
    command = (__file__, "service")
    async with service({}, command) as running, site() as moodle, aiohttp.ClientSession() as http:
        async with connected(running.url) as backend:
            await backend.call("call", None)  # so that all is imported
        soak = Soak(running, moodle, http)
        before = await soak.sample()
        async with http.put(f"{moodle.url}/__faults", json=WEATHER) as response:
            response.raise_for_status()
        with console.status(f"{CALLS_PER_SECOND} calls per second for {seconds} s …"):
            began = time.monotonic()
            await soak.load(seconds)
            took = time.monotonic() - began
        with console.status(f"at rest for {FORGOTTEN} s …"):
            after = before
            for _ in range(FORGOTTEN):
                await asyncio.sleep(1)
                after = await soak.sample()
    found = Report(before, after, soak.samples, soak.codes, soak.unanswered, seconds, took)
    found.show(console)
    found.write()
    return 1 if found.problems() else 0


async def tasks(_request: web.Request) -> web.Response:
    """How many tasks the service has."""
    return web.Response(text=str(len(asyncio.all_tasks())))


def serve_watched() -> None:
    """Be the service, with a route that tells how many tasks it has."""
    settings = Settings()
    configure(settings)
    app = create_app(settings)
    app.router.add_get("/tasks", tasks)
    uvloop.run(serve(app, settings))


if __name__ == "__main__":
    if sys.argv[1:] == ["service"]:
        serve_watched()
    else:
        sys.exit(asyncio.run(main(int(sys.argv[1]) if sys.argv[1:] else SECONDS, Console())))
