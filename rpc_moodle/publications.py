"""Publications at work and their reports: who published can fetch the report, nobody else."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from types import TracebackType
from typing import Self

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.publishing import Publication, Report, bare


@dataclass
class _Kept:
    """A publication, at work or done; of a done one only the report or the error is left, no text and no key."""

    size: int
    expires: float
    publication: Publication | None = None
    report: Report | None = None
    error: Exception | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a publication: its report so far, and whether it is still at work."""

    report: Report
    running: bool


class Publications:
    """Runs publications and keeps their reports for ``seconds``.

    ``capacity`` limits how many reports are kept, ``results`` how many users they tell of together; the
    oldest make room. Two publications to one assignment run one after the other, since each reads what
    is stored before it writes.
    """

    def __init__(
        self,
        *,
        seconds: float = 3600,
        capacity: int = 1000,
        results: int = 200_000,
        grace: float = 10,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start empty, with a key of its own; ``grace`` seconds are for writes in flight when it is closed."""
        self._seconds = seconds
        self._capacity = capacity
        self._results = results
        self._grace = grace
        self._clock = clock
        self._key = secrets.token_bytes(32)
        self._kept: OrderedDict[bytes, _Kept] = OrderedDict()
        self._tasks: dict[tuple[str, int], asyncio.Task[Report]] = {}
        self._running: set[Publication] = set()

    async def __aenter__(self) -> Self:
        """Be ready; there is nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Start no more writes, and let those in flight finish."""
        for publication in self._running:
            publication.stop()
        tasks = set(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=self._grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def run(
        self,
        publication: Publication,
        moodle: MoodleClient,
        *,
        progress_id: str | None,
        time_left: Callable[[], float],
    ) -> Report:
        """Run a publication and report, within ``time_left`` seconds, on whoever is done by then.

        Writes in flight finish behind the reply, also when this is cancelled; the report that is kept
        under ``progress_id`` then tells what became of them.

        Raises InvalidEntries or any MoodleError that came before anything was written.
        """
        kept = _Kept(publication.size, self._clock() + self._seconds, publication)
        if progress_id is not None:
            self._keep(self._name(moodle, progress_id), kept)
        target = str(moodle.site), publication.assignment.id
        free = False
        try:
            free = await self._free(target, time_left)
        finally:
            if not free:
                self._settle(kept, publication.closing_report())
        if not free:
            return publication.closing_report()
        task = self._start(publication, kept, target)
        try:
            done, _ = await asyncio.wait({task}, timeout=time_left())
        except asyncio.CancelledError:
            publication.stop()
            raise
        if not done:
            publication.stop()
            return publication.closing_report()
        return task.result()

    async def _free(self, target: tuple[str, int], time_left: Callable[[], float]) -> bool:
        """Wait until no other publication to the assignment is at work; False where the time is over before."""
        while (other := self._tasks.get(target)) is not None:
            done, _ = await asyncio.wait({other}, timeout=time_left())
            if not done:
                return False
        return True

    def find(self, moodle: MoodleClient, progress_id: str) -> Found | None:
        """Find the publication of that name which this very site and key have made; None where there is none.

        Raises the error that ended it before anything was written.
        """
        self._forget()
        kept = self._kept.get(self._name(moodle, progress_id))
        if kept is None:
            return None
        if kept.error is not None:
            raise bare(kept.error)
        if kept.publication is not None:
            return Found(kept.publication.report(), running=True)
        return Found(kept.report or Report([]), running=False)

    def _start(self, publication: Publication, kept: _Kept, target: tuple[str, int]) -> asyncio.Task[Report]:
        task = asyncio.create_task(publication.run(), name=f"publication to assignment {target[1]}")
        self._tasks[target] = task
        self._running.add(publication)

        def done(task: asyncio.Task[Report]) -> None:
            del self._tasks[target]
            self._running.discard(publication)
            error = None if task.cancelled() else task.exception()
            if isinstance(error, Exception):
                kept.error, kept.publication = bare(error), None
            else:
                self._settle(kept, publication.closing_report())

        task.add_done_callback(done)
        return task

    @staticmethod
    def _settle(kept: _Kept, report: Report) -> None:
        kept.report, kept.publication = report, None

    def _keep(self, name: bytes, kept: _Kept) -> None:
        self._kept.pop(name, None)
        self._kept[name] = kept
        self._forget()

    def _forget(self) -> None:
        """Drop what is too old, and the oldest while there is too much; they stand in the order of their age."""
        now = self._clock()
        total = sum(kept.size for kept in self._kept.values())
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if oldest.expires > now and len(self._kept) <= self._capacity and total <= self._results:
                return
            total -= oldest.size
            self._kept.popitem(last=False)

    def _name(self, moodle: MoodleClient, progress_id: str) -> bytes:
        """Bind a caller's name for a publication to site and key, so that nobody else's request finds it."""
        parts = str(moodle.site), moodle.token.get_secret_value(), progress_id
        text = "".join(f"{len(part)}:{part}" for part in parts)
        return blake2b(text.encode("utf-8", "surrogatepass"), key=self._key).digest()
