"""One publication from its first read to its report."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Participant
from rpc_moodle.moodle.participants import listed, submitters
from rpc_moodle.moodle.publishing.entries import Entry, InvalidEntries, Options, Problem, check
from rpc_moodle.moodle.publishing.grading import scheme
from rpc_moodle.moodle.publishing.plan import Plan
from rpc_moodle.moodle.publishing.report import Code, Outcome, Report, Result, not_started
from rpc_moodle.moodle.publishing.state import Reader
from rpc_moodle.moodle.publishing.teams import mates
from rpc_moodle.moodle.publishing.writer import Writer
from rpc_moodle.transport.gather import both, together

T = TypeVar("T")
Progress = Callable[[int, int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _People:
    """Who takes part; ``listed`` is None where the token may not ask the assignment itself."""

    ids: frozenset[int]
    listed: list[Participant] | None


class Publication:
    """Publishes entries to one assignment; ``report`` tells at any time what is known.

    ``time_left`` gives the seconds in which writes may still be started and finished. ``progress`` is
    awaited with the number of users done and of all.
    """

    def __init__(  # noqa: PLR0913 - what a publication is made of
        self,
        moodle: MoodleClient,
        assignment: Assignment,
        entries: Sequence[Entry],
        options: Options | None = None,
        *,
        time_left: Callable[[], float] = lambda: float("inf"),
        progress: Progress | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hold the entries to the limits; raises InvalidEntries."""
        self.options = options or Options()
        check(entries, self.options)
        self.assignment = assignment
        self._moodle = moodle
        self._time_left = time_left
        self._clock = clock
        self._progress = progress
        self._entries: list[Entry] = list(entries)
        self._users: tuple[int, ...] = tuple(entry.user_id for entry in entries)
        self._via: dict[int, int] = {}
        self._results: dict[int, Result] = {}
        self._places = asyncio.Semaphore(self.options.parallel)
        self._reader = Reader(moodle, assignment, self._gated)
        self._writer: Writer | None = None
        self._stopped = False

    @property
    def size(self) -> int:
        """How many users it is about, as far as known: those named, and their team mates once they were read."""
        return len(self._users)

    def stop(self) -> None:
        """Start no more writes; those in flight are finished and read back."""
        self._stopped = True

    def report(self) -> Report:
        """Tell what is known now; whoever is not done yet is counted in ``pending``."""
        known = [self._results[user] for user in self._users if user in self._results]
        return Report(known, pending=len(self._users) - len(known))

    def closing_report(self) -> Report:
        """Tell what is known now to somebody who waits no longer: whoever is not done yet failed, for now."""
        return Report([self._results.get(user) or self._unfinished(user) for user in self._users])

    async def run(self) -> Report:
        """Publish and report.

        Raises InvalidEntries where team mates are named with different feedback, and any MoodleError
        that comes before anything is written; later ones stand in the report.
        """
        found, people = await both(scheme(self._moodle, self.assignment), self._people())
        await self._reach_teams(people)
        plan = Plan(self.assignment, found, self.options)
        open_entries = [entry for entry in self._entries if not self._refused(plan, entry, people)]
        self._entries = []  # texts are let go as they are written
        self._writer = Writer(self._moodle, plan, self._reader, self._gated, self._has_time, self._clock)
        await self._record(())
        if open_entries:
            await self._reader.probe(open_entries[0].user_id)
            await self._work(self._writer, open_entries)
        return self.report()

    async def _work(self, writer: Writer, entries: list[Entry]) -> None:
        """Work through the entries group by group, some groups side by side so that no place stays empty."""
        size = self.options.chunk
        groups = deque(entries[start : start + size] for start in range(0, len(entries), size))
        entries.clear()

        async def worker() -> None:
            while groups:
                await self._record(await writer.group(groups.popleft()))

        await together(worker() for _ in range(min(len(groups), max(1, self.options.parallel // 2))))

    async def _gated(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._places:
            return await call()

    def _has_time(self, needed: float) -> bool:
        return not self._stopped and self._time_left() > needed

    async def _people(self) -> _People:
        try:
            rows = await listed(self._moodle, self.assignment)
        except errors.AccessDenied:
            able = await submitters(self._moodle, self.assignment.course)
            return _People(frozenset(user["id"] for user in able), None)
        return _People(frozenset(row["id"] for row in rows), rows)

    async def _reach_teams(self, people: _People) -> None:
        """Give the other members of each named user's team the same entry.

        Raises InvalidEntries where two of a team are named with different feedback; MoodleError.
        """
        if not (self.options.apply_to_team and self.assignment.teamsubmission):
            return
        others = await mates(self._moodle, self.assignment, people.listed, people.ids)
        named = {entry.user_id: (index, entry) for index, entry in enumerate(self._entries)}
        reached: list[Entry] = []
        for index, entry in enumerate(self._entries):
            team = others.get(entry.user_id, ())
            if team is None:
                self._results[entry.user_id] = self._team_unknown(entry.user_id)
                continue
            reached.append(entry)
            for mate in team:
                if mate in named and not named[mate][1].says_the_same(entry):
                    text = f"Entry {named[mate][0]} names another member of the same team with other feedback."
                    raise InvalidEntries([Problem(index, text)])
                if mate not in named and mate not in self._via:
                    self._via[mate] = entry.user_id
                    reached.append(replace(entry, user_id=mate))
        order = [[user, *(mate for mate, via in self._via.items() if via == user)] for user in self._users]
        self._users = tuple(user for team in order for user in team)
        self._entries = reached

    def _refused(self, plan: Plan, entry: Entry, people: _People) -> bool:
        refused = plan.refusal(entry)
        if entry.user_id not in people.ids:
            text = "The user does not take part in the assignment."
            refused = Result(entry.user_id, Outcome.FAILED, Code.NOT_A_PARTICIPANT, text)
        if refused is not None:
            self._keep(refused)
        return refused is not None

    def _keep(self, result: Result) -> None:
        via = self._via.get(result.user_id)
        self._results[result.user_id] = result if via is None else replace(result, via=via)

    async def _record(self, results: Iterable[Result]) -> None:
        for result in results:
            self._keep(result)
        if self._progress is not None:
            await self._progress(len(self._results), len(self._users))

    def _unfinished(self, user: int) -> Result:
        if self._writer is not None and user in self._writer.in_flight:
            text = "It was being written when the time of the call ran out; call again, only what is missing is sent."
            result = Result(user, Outcome.FAILED, Code.OUTCOME_UNKNOWN, text)
        else:
            result = not_started(user)
        return replace(result, via=self._via.get(user))

    @staticmethod
    def _team_unknown(user: int) -> Result:
        text = "The user's team cannot be read: enable mod_assign_list_participants in the web service of the API key."
        return Result(user, Outcome.FAILED, Code.TEAM_UNKNOWN, text)
