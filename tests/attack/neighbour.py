"""The well-behaved caller, in a process of its own, so that its delays are the service's and not those of the attack.

``python -m tests.attack.neighbour SERVICE SITE`` makes one call and writes a line; at each line that it reads it
goes on calling, at the next it stops, and writes what came of its calls as one line of JSON. Its token, if it needs
one, is in the environment as ``NEIGHBOUR_TOKEN``.
"""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rpc_moodle.sandbox.seed import token_value
from tests.processes import MIB, ROOT
from utils.client import Client, connected

PAUSE = 0.02
"""Seconds between two calls."""

PATIENCE_MS = 20_000
"""Milliseconds that a call is given: one that takes longer has failed."""


@dataclass(frozen=True)
class Calls:
    """What came of the calls of one attack: seconds each, and why some failed."""

    delays: Sequence[float]
    failures: Sequence[str]


class Neighbour:
    """The process as the attack's frame sees it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def begin(self) -> None:
        """Have it call again and again."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"\n")
        await self._process.stdin.drain()

    async def end(self) -> Calls:
        """Have it make one call more, and say what came of all of them."""
        await self.begin()
        return Calls(**json.loads(await self._line()))

    async def _line(self) -> bytes:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the neighbour has ended")
        return line

    @staticmethod
    @asynccontextmanager
    async def moved_in(service: str, site: str, token: str | None) -> AsyncIterator["Neighbour"]:
        """Start the process, and wait for its first call."""
        environment = {**os.environ, **({"NEIGHBOUR_TOKEN": token} if token else {})}
        command = (sys.executable, "-m", "tests.attack.neighbour", service, site)
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdin=PIPE, stdout=PIPE, limit=MIB
        )
        neighbour = Neighbour(process)
        try:
            await neighbour._line()
            yield neighbour
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def call(client: Client, payload: dict[str, Any], delays: list[float], failures: list[str]) -> None:
    """Make one call, and note how long it took and whether it failed."""
    started = time.monotonic()
    try:
        reply = await client.call("getUsersFromAssignment", payload, seconds=2 * PATIENCE_MS / 1000)
    except (TimeoutError, ConnectionError) as error:
        failures.append(str(error))
    else:
        if not reply["success"]:
            failures.append(f"{reply['error']['code']}: {reply['message']}")
    delays.append(time.monotonic() - started)


def say(line: str) -> None:
    """Write a line for whoever has started this process."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(service: str, site: str, token: str | None) -> None:
    """Call as the lines of the standard input say."""
    options = {"url": site, "apiKey": token_value("teacher_full"), "timeoutMs": PATIENCE_MS}
    payload = {"courseID": 2, "assignmentID": 8, "options": options}

    async def line() -> str:
        return await asyncio.to_thread(sys.stdin.readline)

    async with connected(service, transports=["websocket"], token=token) as client:
        await call(client, payload, [], [])
        say("")
        while await line():
            delays: list[float] = []
            failures: list[str] = []
            stop = asyncio.create_task(line())
            while not stop.done():
                await call(client, payload, delays, failures)
                await asyncio.sleep(PAUSE)
            await call(client, payload, delays, failures)  # after the attack as before it
            say(json.dumps({"delays": delays, "failures": failures}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], os.environ.get("NEIGHBOUR_TOKEN")))
