"""One publication from its first read to its report."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.attached import refusal
from rpc_moodle.moodle.publishing.attaching import Attaching
from rpc_moodle.moodle.publishing.conditions import scheme
from rpc_moodle.moodle.publishing.contents import Contents
from rpc_moodle.moodle.publishing.duplicates import united
from rpc_moodle.moodle.publishing.entries import Entry, Options, check, fault
from rpc_moodle.moodle.publishing.file_reader import FileReader
from rpc_moodle.moodle.publishing.grading import Scheme
from rpc_moodle.moodle.publishing.harm import may_reopen
from rpc_moodle.moodle.publishing.keys import Key
from rpc_moodle.moodle.publishing.pace import Pace
from rpc_moodle.moodle.publishing.people import People, may_release, people, reached, resolved
from rpc_moodle.moodle.publishing.plan import Plan
from rpc_moodle.moodle.publishing.reader import Reader
from rpc_moodle.moodle.publishing.report import Code, Outcome, Report, Result, invalid, not_started, outcome_unknown
from rpc_moodle.moodle.publishing.sender import Sender
from rpc_moodle.moodle.publishing.teams import teams, whole_teams
from rpc_moodle.moodle.publishing.writer import Writer
from rpc_moodle.transport.gather import both
from rpc_moodle.transport.unhurried import unhurried

T = TypeVar("T")
Progress = Callable[[int, int], Awaitable[None]]

_FEW = 1
"""Users who are asked about alone, which is fewer requests than asking about all."""


_WITH_FILES = 6
"""Users of a wave in which somebody has files: theirs are uploaded before anything of the wave is written."""

_OF_UNKNOWN_TEAMS = 8
"""Users of a wave who may have to be written to one after the other."""


def _is_plain(entry: Entry) -> bool:
    return entry.filling is None and entry.scale_item is None


class Publication:
    """Publishes entries to one assignment; ``report`` tells at any time what is known.

    ``time_left`` gives the seconds in which writes may still be started and finished. ``progress`` is
    awaited with the number of users done and of all. ``rejected`` are rows that are no entries; they stand
    in the report.
    """

    def __init__(  # noqa: PLR0913 - what a publication is made of
        self,
        moodle: MoodleClient,
        assignment: Assignment,
        entries: Sequence[Entry],
        options: Options | None = None,
        *,
        rejected: Sequence[Result] = (),
        time_left: Callable[[], float] = lambda: float("inf"),
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold the call to the limits; raises InvalidEntries."""
        self.options = options or Options()
        check(entries, self.options)
        self.assignment = assignment
        self._moodle = moodle
        self._time_left = time_left
        self._clock = clock
        self._progress = progress
        self._rejected = list(rejected)
        self._entries = list(entries)
        self._users = tuple(dict.fromkeys(entry.user_id for entry in self._entries))
        self._numbers: dict[int, int | None] = {}
        self._via: dict[int, int] = {}
        self._results: dict[int, Result] = {}
        self._places = asyncio.Semaphore(self.options.parallel)
        self._key = Key(moodle, self._gated)
        self._sender: Sender | None = None
        self._stopped = False

    async def _sort(self) -> None:
        """Set aside the rows that cannot be published whatever is stored."""
        entries, self._entries = self._entries, []
        async for entry in unhurried(entries):
            problem = fault(entry, self.options)
            if problem is None:
                self._entries.append(entry)
            else:
                given = None if entry.participant is not None else entry.user_id
                self._rejected.append(invalid(given, problem, participant=entry.participant))

    @property
    def size(self) -> int:
        """How many users it is about, as far as known: those named, and their team mates once they were read."""
        return len(self._users) + len(self._rejected)

    def stop(self) -> None:
        """Start no more writes; those in flight are finished and read back."""
        self._stopped = True

    def report(self) -> Report:
        """Tell what is known now; whoever is not done yet is counted in ``pending``."""
        known = [self._results[user] for user in self._users if user in self._results]
        return Report([*known, *self._rejected], pending=len(self._users) - len(known))

    def closing_report(self) -> Report:
        """Tell what is known now to somebody who waits no longer: whoever is not done yet failed, for now."""
        found = [self._results.get(user) or self._unfinished(user) for user in self._users]
        return Report([*found, *self._rejected])

    async def run(self) -> Report:
        """Publish and report.

        Raises any MoodleError that comes before anything is written; later ones stand in the report.
        """
        await self._sort()
        self._entries, missing = await resolved(self._moodle, self.assignment, self._entries)
        self._rejected += missing
        self._numbers = {entry.user_id: entry.participant for entry in self._entries}
        self._users = tuple(dict.fromkeys(entry.user_id for entry in self._entries))
        self._entries, differing = united(self._entries, self.options)
        await self._record(differing)
        reader = Reader(self._moodle, self.assignment, self._key)
        plan, who = await self._conditions(reader)
        open_entries = [entry async for entry in unhurried(self._entries) if not self._refused(plan, entry, who)]
        self._entries = []  # texts are let go as they are written
        reader.form = plan.scheme.form
        reader.knows_method = plan.scheme.method is not None
        reader.raw_needed = self.options.append
        self._sender = Sender(
            self._moodle, self.assignment, self.options, self._key, self._gated, self._has_time, self._clock
        )
        await self._record(())
        if open_entries:
            async with Contents() as contents:
                files = FileReader(self._moodle, self.assignment, self._key)
                attaching = Attaching(self._moodle, files, plan, reader, self._sender, contents, self._time_left)
                await self._work(Writer(plan, reader, self._sender, attaching, who.listed), open_entries)
        return self.report()

    async def _conditions(self, reader: Reader) -> tuple[Plan, People]:
        """Read what holds for everybody; of one or two students only what their own state leaves open."""
        options, assignment = self.options, self.assignment
        few = 0 < len(self._entries) <= _FEW and not (options.dry_run or assignment.teamsubmission)
        if few:
            _, who = await both(self._key.ask(), people(self._moodle, assignment, self._key))
            reader.one_by_one = True
            users = [entry.user_id for entry in self._entries if entry.user_id in who.ids]
            direct = await reader.glance(users)  # only of who takes part: of a teacher it would make a submission
            plain = direct and assignment.grade > 0 and all(_is_plain(entry) for entry in self._entries)
            found = Scheme(Decimal(assignment.grade), method="") if plain else await scheme(self._moodle, assignment)
        else:
            await self._key.ask()
            found, who = await both(scheme(self._moodle, assignment), people(self._moodle, assignment, self._key))
            await self._reach_teams(who)
        release = options.workflow_state != "released" or await may_release(self._moodle, assignment, self._key)
        return Plan(assignment, found, options, may_release=release), who

    async def _work(self, writer: Writer, entries: list[Entry]) -> None:
        """Work through the entries wave by wave, each as large as can be written and read back in time."""
        total = len(entries)
        pace = Pace(self.options, self._clock)
        if pace.size(writer.sender.writes_together(total), self._time_left()) < total:
            with pace.surveyed():
                results, entries[:] = await writer.survey(entries)
            if results:
                await self._record(results)
        while entries:
            size = pace.size(writer.sender.writes_together(total), self._time_left())
            if any(entry.files for entry in entries[:size]):
                size = min(size, _WITH_FILES)
            if self.assignment.teamsubmission and may_reopen(self.assignment, 0):
                size = size if writer.listed is not None else min(size, _OF_UNKNOWN_TEAMS)
                wave, entries[:] = whole_teams(writer.listed or (), entries, size)
            else:
                wave, entries[:] = entries[:size], entries[size:]
            with pace.measured(len(wave)):
                results = await writer.wave(wave, total)
            await self._record(results)

    async def _gated(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._places:
            return await call()

    def _has_time(self, needed: float) -> bool:
        return not self._stopped and self._time_left() > needed

    async def _reach_teams(self, who: People) -> None:
        """Give the other members of each named user's team the same entry; raises MoodleError."""
        if not (self.options.apply_to_team and self.assignment.teamsubmission):
            return
        found = await teams(self._moodle, self.assignment, who.listed, who.ids)
        self._entries, self._via, failed = reached(self._entries, found)
        await self._record(failed)
        order: dict[int, list[int]] = {user: [user] for user in self._users}
        for mate, user in self._via.items():
            order[user].append(mate)
        self._users = tuple(user for team in order.values() for user in team)

    def _refused(self, plan: Plan, entry: Entry, who: People) -> bool:
        refused = plan.refusal(entry) or refusal(self.assignment, entry, uploads=self._key.uploads)
        if entry.user_id not in who.ids:
            text = (
                "The user does not take part in the assignment: check the id, the enrolment and the groups in Moodle."
            )
            refused = Result(entry.user_id, Outcome.FAILED, Code.NOT_A_PARTICIPANT, text)
        if refused is not None:
            self._keep(refused)
        return refused is not None

    def _keep(self, result: Result) -> None:
        via, number = self._via.get(result.user_id), self._numbers.get(result.user_id)
        self._results[result.user_id] = replace(result, via=via, participant=number)

    async def _record(self, results: Iterable[Result]) -> None:
        for result in results:
            self._keep(result)
        if self._progress is not None:
            await self._progress(len(self._results), len(self._users))

    def _unfinished(self, user: int) -> Result:
        flying = self._sender is not None and user in self._sender.in_flight
        result = outcome_unknown(user) if flying else not_started(user)
        return replace(result, via=self._via.get(user), participant=self._numbers.get(user))
