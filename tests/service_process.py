"""The service as a process of its own, as an operator starts it."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from utils.watchdog import BLOCKED_SECONDS

ANY_ADDRESS = "0.0.0.0"  # noqa: S104 - whether the service listens there is what is tested
MOST_BUSY = 4 * BLOCKED_SECONDS
"""Seconds of its own CPU time for which a test lets a loop be blocked: on a machine that others use, the same work
takes several times what it takes alone, and what it is to find takes seconds even then."""

COMMAND = (sys.executable, "-m", "rpc_moodle", "serve")


class Service:
    """A running service: its URL, its process, and what it has logged, line by line."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.url = ""
        self.logged: list[dict[str, Any]] = []
        self._more = asyncio.Condition()
        self.reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.logged.append(json.loads(line))
            async with self._more:
                self._more.notify_all()

    async def until_logged(self, event: str) -> dict[str, Any]:
        """Wait for an event in the log, unless it has been there already."""
        async with self._more:
            await self._more.wait_for(lambda: any(line["event"] == event for line in self.logged))
        return next(line for line in self.logged if line["event"] == event)


def environment(**variables: str) -> dict[str, str]:
    return os.environ | {"RPC_MOODLE_PORT": "0", "RPC_MOODLE_LOG_FORMAT": "json"} | variables


@asynccontextmanager
async def serving(**variables: str) -> AsyncIterator[Service]:
    """Start a service with these environment variables; kills it at the end."""
    process = await asyncio.create_subprocess_exec(*COMMAND, env=environment(**variables), stderr=PIPE)
    service = Service(process)
    try:
        listening = await service.until_logged("listening")
        service.url = listening["url"].replace(ANY_ADDRESS, "127.0.0.1")
        yield service
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await service.reading
        await process.wait()


async def refusing(**variables: str) -> tuple[int | None, str]:
    """Start a service that will not stay; give its exit status and what it said."""
    process = await asyncio.create_subprocess_exec(*COMMAND, env=environment(**variables), stderr=PIPE)
    _, said = await process.communicate()
    return process.returncode, said.decode()
