"""What every attack needs: a service, a good site, a hostile one, a neighbour who goes on calling, and its row."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rpc_moodle.sandbox.seed import token_value
from tests.attack.hostile import HostileSite
from tests.processes import MIB, Running, service, site
from utils.client import Client, connected

PAUSE = 0.02
"""Seconds between two calls of the neighbour."""

PATIENCE_MS = 20_000
"""Milliseconds that the neighbour gives a call: one that takes longer has failed."""


@dataclass
class Scene:
    """Where an attack takes place; ``seconds`` is how long it may go on, ``good`` the site of the neighbour."""

    service: Running
    good: Running
    hostile: HostileSite
    seconds: float
    token: str | None = None

    @asynccontextmanager
    async def caller(self) -> AsyncIterator[Client]:
        """Connect one more caller."""
        async with connected(self.service.url, transports=["websocket"], token=self.token) as client:
            yield client

    def options(self, url: str | None = None, token: str | None = None) -> dict[str, object]:
        """Write the options of a call, to the hostile site unless another is named."""
        return {"url": url or self.hostile.url, "apiKey": token or "f" * 32, "timeoutMs": round(self.seconds * 1000)}


@dataclass(frozen=True)
class Attack:
    """``name`` says what is done, ``limit`` what holds it, ``run`` does it."""

    name: str
    limit: str
    run: Callable[[Scene], Awaitable[object]]


@dataclass(frozen=True)
class Family:
    """Attacks of one kind on one service: its settings without their prefix, and how it is started if not as usual.

    ``token`` is what callers have to show, where the settings ask for one.
    """

    name: str
    attacks: Sequence[Attack]
    settings: Mapping[str, str] = field(default_factory=dict)
    command: Sequence[str] = ("-m", "rpc_moodle", "serve")
    token: str | None = None


@dataclass(frozen=True)
class Row:
    """What came of an attack: the neighbour's calls, why some failed, the longest delay in seconds, bytes of memory.

    ``memory`` is the service's peak while it lasted, ``before`` what it held before.
    """

    attack: Attack
    calls: int
    failures: Sequence[str]
    worst: float
    memory: int
    before: int


class Neighbour:
    """Calls a good site again and again, on a socket of its own."""

    def __init__(self, scene: Scene, client: Client) -> None:
        self.delays: list[float] = []
        self.failures: list[str] = []
        self._client = client
        self._payload: dict[str, Any] = {
            "courseID": 2,
            "assignmentID": 8,
            "options": {"url": scene.good.url, "apiKey": token_value("teacher_full"), "timeoutMs": PATIENCE_MS},
        }

    async def call(self) -> None:
        started = time.monotonic()
        try:
            reply = await self._client.call("getUsersFromAssignment", self._payload, seconds=2 * PATIENCE_MS / 1000)
        except TimeoutError as error:
            self.failures.append(str(error))
        else:
            if not reply["success"]:
                self.failures.append(f"{reply['error']['code']}: {reply['message']}")
        self.delays.append(time.monotonic() - started)

    async def go_on(self) -> None:
        while True:
            await self.call()
            await asyncio.sleep(PAUSE)


async def measure(scene: Scene, attack: Attack) -> Row:
    """Run an attack while the neighbour goes on calling, and say what came of it."""
    async with scene.caller() as client:
        neighbour = Neighbour(scene, client)
        await neighbour.call()
        neighbour.delays.clear()
        before = scene.service.memory()
        _forget_peak(scene.service.pid)
        going_on = asyncio.create_task(neighbour.go_on())
        with suppress(TimeoutError):
            async with asyncio.timeout(scene.seconds):
                await attack.run(scene)
        scene.hostile.let_go()
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)
        await neighbour.call()  # after the attack as before it
        peak = scene.service.most_memory()
    return Row(attack, len(neighbour.delays), neighbour.failures, max(neighbour.delays), peak, before)


def _forget_peak(pid: int) -> None:
    """Have the system count the peak of a process's memory from now on (Linux)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def rows(family: Family, seconds: float) -> AsyncIterator[Row]:
    """Run a family's attacks one after the other on one service, each for so many seconds at the most."""
    async with (
        site() as good,
        service({"SHUTDOWN_SECONDS": "0", **family.settings}, family.command) as attacked,
        HostileSite().serving() as hostile,
    ):
        for attack in family.attacks:
            yield await measure(Scene(attacked, good, hostile, seconds, family.token), attack)


def mib(number: int) -> int:
    """Give bytes in MiB."""
    return round(number / MIB)
