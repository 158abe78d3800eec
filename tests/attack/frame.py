"""What every attack needs: a service, a good site, a hostile one, a neighbour who goes on calling, and its row."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.attack.hostile import HostileSite
from tests.attack.neighbour import Neighbour
from tests.processes import MIB, Running, service, site
from utils.client import Client, connected


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


async def measure(scene: Scene, attack: Attack, neighbour: Neighbour) -> Row:
    """Run an attack while the neighbour goes on calling, and say what came of it."""
    before = scene.service.memory()
    _forget_peak(scene.service.pid)
    await neighbour.begin()
    with suppress(TimeoutError):
        async with asyncio.timeout(scene.seconds):
            await attack.run(scene)
    scene.hostile.let_go()
    calls = await neighbour.end()
    peak = scene.service.most_memory()
    return Row(attack, len(calls.delays), calls.failures, max(calls.delays), peak, before)


def _forget_peak(pid: int) -> None:
    """Have the system count the peak of a process's memory from now on (Linux)."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")


async def rows(family: Family, seconds: float) -> AsyncIterator[Row]:
    """Run a family's attacks one after the other on one service, each for so many seconds at the most."""
    async with (
        site() as good,
        service({"SHUTDOWN_SECONDS": "0", **family.settings}, family.command) as attacked,
        HostileSite().serving() as hostile,
        Neighbour.moved_in(attacked.url, good.url, family.token) as neighbour,
    ):
        for attack in family.attacks:
            yield await measure(Scene(attacked, good, hostile, seconds, family.token), attack, neighbour)


def mib(number: int) -> int:
    """Give bytes in MiB."""
    return round(number / MIB)
