"""The service and the sandbox as processes of their own, and what the system says of a process (Linux)."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
MIB = 2**20


@dataclass(frozen=True)
class Running:
    """A process that serves at ``url``."""

    pid: int
    url: str

    def memory(self) -> int:
        """Bytes that it holds in memory now."""
        return self._status("VmRSS") * 1024

    def most_memory(self) -> int:
        """Bytes that it held in memory at the most."""
        return self._status("VmHWM") * 1024

    def threads(self) -> int:
        """Threads that it has."""
        return self._status("Threads")

    def descriptors(self) -> int:
        """Files and sockets that it has open."""
        return len(list(Path(f"/proc/{self.pid}/fd").iterdir()))

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


@asynccontextmanager
async def service(
    settings: Mapping[str, str] | None = None, command: Sequence[str] = ("-m", "rpc_moodle", "serve")
) -> AsyncIterator[Running]:
    """Start the service on a free port; ``settings`` by their names without prefix. Its log is thrown away."""
    given = {"HOST": "127.0.0.1", "PORT": "0", "LOG_FORMAT": "json", "ALLOW_PRIVATE": "true", **(settings or {})}
    environment = {**os.environ, **{f"RPC_MOODLE_{name}": value for name, value in given.items()}}
    async with _process(*command, environment=environment, stdout=DEVNULL, stderr=PIPE) as process:
        log = process.stderr
        assert log is not None
        async for line in log:
            if line.startswith(b"{") and (entry := json.loads(line))["event"] == "listening":
                break
        else:
            raise RuntimeError("the service has not started")
        async with _drained(process, log):
            yield Running(process.pid, entry["url"])


@asynccontextmanager
async def site(*, users: int = 50) -> AsyncIterator[Running]:
    """Start the sandbox on a free port."""
    command = ("-m", "rpc_moodle", "sandbox", "--port", "0", "--users", str(users))
    async with _process(*command, environment=dict(os.environ), stdout=PIPE, stderr=DEVNULL) as process:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        async with _drained(process, process.stdout):
            yield Running(process.pid, line.split()[-1])


@asynccontextmanager
async def _process(*arguments: str, environment: dict[str, str], stdout: int, stderr: int) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, cwd=ROOT, env=environment, stdout=stdout, stderr=stderr
    )
    try:
        yield process
    finally:
        await _ended(process)


@asynccontextmanager
async def _drained(process: Process, stream: asyncio.StreamReader) -> AsyncIterator[None]:
    """Read what a process writes until it has ended: one that ends has much to say, and waits where nobody reads."""

    async def read() -> None:
        while await stream.read(MIB):
            pass

    reading = asyncio.create_task(read())
    try:
        yield
    finally:
        await _ended(process)
        await reading


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), 30)
    except TimeoutError:
        process.kill()
        await process.wait()
