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

import structlog

from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.publishing import Publication, Report, bare
from rpc_moodle.report_files import ReportFiles


@dataclass
class _Kept:
    """A publication, at work or done; of a done one only the report or the error is left, no text and no key."""

    size: int
    expires: float
    name: bytes | None = None
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
    is stored before it writes. Of every publication the log has a line ``publication``, for whoever audits:
    site, assignment, how many users and what became of them, beside the call's id and who called.
    """

    def __init__(  # noqa: PLR0913 - its limits
        self,
        *,
        seconds: float = 3600,
        capacity: int = 1000,
        results: int = 200_000,
        grace: float = 10,
        files: ReportFiles | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with the reports in ``files``, if any; ``grace`` seconds are for writes in flight when it is closed.

        Names are digests under a key of this process, but where reports outlive it.
        """
        self._seconds = seconds
        self._capacity = capacity
        self._results = results
        self._grace = grace
        self._clock = clock
        self._files = files
        self._key = secrets.token_bytes(32) if files is None else b""
        self._saving: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("rpc_moodle.audit")
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
        await asyncio.sleep(0)  # for what is done when they are, which starts to save their reports
        await asyncio.gather(*self._saving)

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
        name = self._name(moodle, progress_id) if progress_id is not None else None
        kept = _Kept(publication.size, self._clock() + self._seconds, name, publication)
        if name is not None:
            self._keep(name, kept)
        target = str(moodle.site), publication.assignment.id
        free = False
        try:
            free = await self._free(target, time_left)
        finally:
            if not free:
                self._settle(kept, target, publication.closing_report())
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
        name = self._name(moodle, progress_id)
        kept = self._kept.get(name)
        if kept is None:
            report = self._files.find(name) if self._files is not None else None
            return Found(report, running=False) if report is not None else None
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
                self._audit(kept, target, error=type(error).__name__)
            else:
                self._settle(kept, target, publication.closing_report())

        task.add_done_callback(done)
        return task

    def _settle(self, kept: _Kept, target: tuple[str, int], report: Report) -> None:
        dry = kept.publication is not None and kept.publication.options.dry_run
        kept.report, kept.publication = report, None
        counts = {"published": report.published, "unchanged": report.unchanged, "failed": report.failed}
        self._audit(kept, target, **counts, dry_run=dry)
        if self._files is not None and kept.name is not None:
            saving = asyncio.create_task(asyncio.to_thread(self._files.keep, kept.name, report))
            self._saving.add(saving)
            saving.add_done_callback(self._saving.discard)

    def _audit(self, kept: _Kept, target: tuple[str, int], **facts: object) -> None:
        site, assignment = target
        self._log.info("publication", site=site, assignment=assignment, users=kept.size, **facts)

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
