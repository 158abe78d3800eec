"""How fast files come, each way out, beside a bare HTTP client; and how much memory the service takes for it.

Site, service and client are a process each. First the site sends at the speed of a gigabit link, as a Moodle at its
best: there the limits hold, and the status is 1 when one is missed. Then it sends from memory as fast as it can. That
shows what the service costs: each byte is received, hashed (half of the service's time) and sent again, while the bare
client only receives it; on two cores for three processes no service could come near it.

``python benchmarks/bench_download.py links`` measures downloads over HTTP alone, behind links of one and ten gigabits.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import socketio
import uvloop
from aiohttp import web
from yarl import URL

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import Repeated, StoredFile
from rpc_moodle.sandbox import create_app as create_site
from rpc_moodle.sandbox.seed import seeded_site, token_value
from rpc_moodle.settings import Settings
from utils.logs import configure
from utils.server import serve

MIB = 1024 * 1024
LOADS = {"50 x 1 MiB": (50, MIB), "20 x 20 MiB": (20, 20 * MIB), "1 x 2 GiB": (1, 2048 * MIB)}
ASSIGNMENTS = 8, 13, 15  # of the sandbox, whose submissions make room for the loads
PARALLEL = 4  # as many as the service itself takes from a site
ROUNDS = 2
GIGABIT = 10**9 / 8  # bytes per second
SLOWEST = {"http": 0.7, "plain": 0.5}  # of the bare client's throughput
LINKS = {1: 0.98, 10: 0.85}  # gigabits per second, and the least share of the bare client's throughput over HTTP
MOST_MEMORY = 64  # MiB over idle, however large the files
LONGEST_PING = 0.25  # seconds, during a stream
NO_LIMIT = {"max_msg_size": 0}


@dataclass
class Load:
    """Files of one size in an assignment of the sandbox."""

    cmid: int
    size: int
    urls: list[str]

    @property
    def total(self) -> int:
        return self.size * len(self.urls)


class Link:
    """All connections to a site share it; it carries ``rate`` bytes per second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0

    async def limit(self, _request: web.Request, response: web.StreamResponse) -> None:
        """Slow a response down; a callback for ``on_response_prepare``."""
        write = response.write

        async def slowly(data: bytes) -> None:
            now = time.perf_counter()
            self._free = max(now, self._free) + len(data) / self._rate
            await asyncio.sleep(self._free - now)
            await write(data)

        response.write = slowly  # type: ignore[method-assign,assignment] # the one place where all bytes pass


async def site(rate: str) -> None:
    """Serve a sandbox with one assignment per load, at so many bytes per second; tell on standard output where."""
    moodle = seeded_site(users=0)
    app = create_site(moodle)
    if float(rate):
        app.on_response_prepare.append(Link(float(rate)).limit)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url, token = f"http://127.0.0.1:{runner.addresses[0][1]}", token_value("teacher_full")
    pattern = os.urandom(MIB)
    loads = []
    for cmid, (count, size) in zip(ASSIGNMENTS, LOADS.values(), strict=True):
        assignment = moodle.by_cmid(cmid)
        assert assignment is not None
        row = next(one for one in assignment.submissions.values() if one.latest)
        for other in assignment.submissions.values():
            other.files = []
        row.files = [StoredFile(f"{number}.bin", Repeated(pattern, size)) for number in range(count)]
        for file in row.files[1:]:
            file.__dict__["sha1"] = row.files[0].sha1  # the same content: computed once
        paths = [file.url_path(assignment.contextid, row.id) for file in row.files]
        urls = [f"{url}/webservice/pluginfile.php{path}?token={token}" for path in paths]
        loads.append({"cmid": assignment.cmid, "size": size, "urls": urls})
    print(json.dumps(loads), flush=True)
    await asyncio.Event().wait()


async def service(port: str, compressed: str) -> None:
    """Serve on a port; ``compressed`` switches on what the kit switches off."""
    if compressed == "yes":
        web.WebSocketResponse = partial(_compressing, web.WebSocketResponse)  # type: ignore[misc,assignment] # as said
    settings = Settings(host="127.0.0.1", port=int(port), log_level="error", timeout_ms=600_000, allow_private=True)
    configure(settings)
    await serve(create_app(settings), settings)


def _compressing(original: Callable[..., Any], **options: Any) -> Any:
    return original(**{**options, "compress": True})


@asynccontextmanager
async def process(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run this file in another process."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, *arguments, stdout=asyncio.subprocess.PIPE, limit=2**24
    )
    try:
        yield child
    finally:
        child.terminate()
        await child.wait()


class Service:
    """The service under test, as its clients and the kernel see it."""

    def __init__(self, url: str, pid: int) -> None:
        self.url = url
        self._pid = pid

    def forget_peak(self) -> None:
        Path(f"/proc/{self._pid}/clear_refs").write_text("5")

    def memory(self, field: str) -> float:
        """MiB: ``VmRSS`` now, ``VmHWM`` at the peak."""
        for line in Path(f"/proc/{self._pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) / 1024
        raise RuntimeError(f"{field} is not in /proc")


@asynccontextmanager
async def running(port: int, *, compressed: bool = False) -> AsyncIterator[Service]:
    async with process("service", str(port), "yes" if compressed else "no") as child:
        url = f"http://127.0.0.1:{port}"
        async with aiohttp.ClientSession() as session:
            for _ in range(200):
                try:
                    async with session.get(f"{url}/healthz"):
                        break
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)
        yield Service(url, child.pid)


async def fetched(urls: Sequence[str], get: Callable[[str], Any]) -> int:
    """Read many bodies, a few at a time; give their bytes."""
    turns = asyncio.Semaphore(PARALLEL)

    async def one(url: str) -> int:
        async with turns, get(url) as response:
            response.raise_for_status()
            count = 0
            async for piece in response.content.iter_any():
                count += len(piece)
            return count

    return sum(await asyncio.gather(*map(one, urls)))


class Caller:
    """A backend on a WebSocket, and a browser."""

    def __init__(self, socket: socketio.AsyncClient, session: aiohttp.ClientSession, service: Service) -> None:
        self._socket = socket
        self._session = session
        self._service = service
        self.pings: list[float] = []
        self.streamed = 0
        socket.on("file", self._take)

    async def call(self, event: str, payload: dict[str, Any]) -> Any:
        reply = await self._socket.call(event, {"options": {"timeoutMs": 600_000}, **payload}, timeout=600)
        if not reply["success"]:
            raise RuntimeError(reply["message"])
        return reply["data"]

    async def _take(self, part: dict[str, Any]) -> None:
        self.streamed += len(part["chunk"])

    async def bare(self, load: Load, _links: Sequence[str] = ()) -> int:
        """No service: straight from the site."""
        token = {"token": URL(load.urls[0]).query["token"]}
        return await fetched([url.partition("?")[0] for url in load.urls], partial(self._session.post, data=token))

    async def http(self, _load: Load, links: Sequence[str]) -> int:
        tickets = [URL(link).query["ticket"] for link in links]
        return await fetched([f"{self._service.url}/files/{ticket}" for ticket in tickets], self._session.get)

    async def plain(self, load: Load, _links: Sequence[str]) -> int:
        at_once = min(10, 64 * MIB // load.size)
        count = 0
        for start in range(0, len(load.urls), at_once):
            files = await self.call("downloadSubmissionsFromUser", {"fileUrls": load.urls[start : start + at_once]})
            count += sum(map(len, files))
        return count

    async def stream(self, load: Load, _links: Sequence[str]) -> int:
        self.streamed = 0
        streaming = asyncio.create_task(
            self.call("downloadSubmissionsFromUser", {"fileUrls": load.urls, "stream": True})
        )
        while not streaming.done():
            started = time.perf_counter()
            await self.call("call", {})
            self.pings.append(time.perf_counter() - started)
            await asyncio.wait({streaming}, timeout=0.02)
        await streaming
        return self.streamed

    async def archive(self, load: Load, _links: Sequence[str]) -> int:
        token = URL(load.urls[0]).query["token"]
        options = {"url": str(URL(load.urls[0]).origin()), "apiKey": token}
        payload = {"options": options, "courseID": 2, "assignmentID": load.cmid}
        made = await self.call("createSubmissionsArchive", payload)
        return await fetched([f"{self._service.url}{made['path']}"], self._session.get)


@asynccontextmanager
async def caller(service: Service, *, compressed: bool = False) -> AsyncIterator[Caller]:
    options = NO_LIMIT | ({"compress": 15} if compressed else {})
    socket = socketio.AsyncClient(websocket_extra_options=options)
    await socket.connect(service.url, transports=["websocket"])
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None), read_bufsize=2**18) as session:
        yield Caller(socket, session, service)
    await socket.disconnect()


async def throughput(fetch: Callable[[], Awaitable[int]], total: int) -> float:
    """MiB per second in the best of some rounds: the machine has other things to do."""
    best = 0.0
    for _ in range(ROUNDS):
        started = time.perf_counter()
        count = await fetch()
        best = max(best, count / MIB / (time.perf_counter() - started))
        if count < total:
            raise RuntimeError(f"{count} bytes came of {total}")
    return best


async def links_of(calling: Caller, load: Load) -> list[str]:
    options = {"url": str(URL(load.urls[0]).origin()), "apiKey": URL(load.urls[0]).query["token"]}
    payload = {"options": options, "courseID": 2, "assignmentID": load.cmid}
    rows = await calling.call("getSubmissionsInfosFromAssignment", payload)
    return [file["fileurl"] for row in rows for file in row["files"]]


class Table:
    """The results, told as they come; ``missed`` counts the limits that were, where there are limits."""

    def __init__(self, *, limits: bool) -> None:
        self.missed = 0
        self._limits = limits

    def row(self, load: str, way: str, figures: str, *, wrong: bool) -> None:
        wrong = wrong and self._limits
        self.missed += wrong
        print(f"{load:12} {way:19} {figures}{'   MISSED' if wrong else ''}", flush=True)

    def speed(self, load: str, way: str, speed: float, bare: float, memory: float = 0) -> None:
        wrong = speed / bare < SLOWEST.get(way, 0) or (way != "plain" and memory > MOST_MEMORY)
        over = f"{memory:7.1f} MiB over idle" if memory else ""
        self.row(load, way, f"{speed:6.0f} MiB/s {speed / bare:6.2f}{over}", wrong=wrong)


async def measure(table: Table, rate: float) -> None:
    """Measure every way out with every load from a site of that speed."""
    async with process("site", str(rate)) as child:
        assert child.stdout is not None
        loads = [Load(**each) for each in json.loads(await child.stdout.readline())]
        for name, load in zip(LOADS, loads, strict=True):
            async with running(18_081) as service, caller(service) as calling:
                bare = await throughput(partial(calling.bare, load), load.total)
                table.speed(name, "bare", bare, bare)
                links = await links_of(calling, load)
                for way in ("http", "stream", "archive", "plain"):
                    if way == "plain" and load.size > 64 * MIB:
                        continue
                    service.forget_peak()
                    idle = service.memory("VmRSS")
                    speed = await throughput(partial(getattr(calling, way), load, links), load.total)
                    table.speed(name, way, speed, bare, service.memory("VmHWM") - idle)
                longest = max(calling.pings)
                table.row(name, "ping during stream", f"{longest * 1000:6.0f} ms at most", wrong=longest > LONGEST_PING)
            if name == "20 x 20 MiB":
                async with running(18_082, compressed=True) as service, caller(service, compressed=True) as calling:
                    for way in ("stream", "plain"):
                        speed = await throughput(partial(getattr(calling, way), load, ()), load.total)
                        table.speed(name, f"{way}, compressed", speed, bare)


async def links() -> int:
    """Measure downloads over HTTP behind links of several speeds; give how many limits were missed."""
    missed = 0
    for gigabits, least in LINKS.items():
        async with process("site", str(gigabits * GIGABIT)) as child:
            assert child.stdout is not None
            loads = dict(zip(LOADS, json.loads(await child.stdout.readline()), strict=True))
            load = Load(**loads["20 x 20 MiB"])
            async with running(18_083) as service, caller(service) as calling:
                found = await links_of(calling, load)
                bare = await throughput(partial(calling.bare, load), load.total)
                speed = await throughput(partial(calling.http, load, found), load.total)
        missed += speed / bare < least
        print(f"{gigabits:2} Gbit/s: {bare:5.0f} MiB/s bare, {speed:5.0f} over HTTP, {speed / bare:.2f} of it")
    return missed


async def main() -> int:
    """Measure with limits and without; give how many were missed."""
    print("A site behind a gigabit link")
    held = Table(limits=True)
    await measure(held, GIGABIT)
    print("\nA site in memory, no limits")
    await measure(Table(limits=False), 0)
    return held.missed


if __name__ == "__main__":
    if sys.argv[1:] == ["links"]:
        sys.exit(1 if uvloop.run(links()) else 0)
    elif len(sys.argv) > 1:
        uvloop.run({"site": site, "service": service}[sys.argv[1]](*sys.argv[2:]))  # type: ignore[operator] # two of ours
    else:
        sys.exit(1 if uvloop.run(main()) else 0)
