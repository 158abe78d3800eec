"""Groups of entries: read what is stored, decide, write, read back."""

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.plan import Plan, Write
from rpc_moodle.moodle.publishing.report import Code, Outcome, Result, call_failed, not_started, outcome_unknown
from rpc_moodle.moodle.publishing.requests import parts, save_many, save_one
from rpc_moodle.moodle.publishing.state import UNSEEN, Gate, Reader, Stored
from rpc_moodle.moodle.publishing.verify import Sight, look
from rpc_moodle.transport.gather import together

_FIRST_GUESS = 1.0
"""Seconds that a write with its read-back is given until one has been measured."""

_UNANSWERED = (errors.Disconnected, errors.SiteTimeout)
"""After these the site may still be at work on the request."""

_TURNED_AWAY = (
    errors.Unreachable,
    errors.HostNotAllowed,
    errors.CircuitOpen,
    errors.SiteBusy,
    errors.InvalidToken,
    errors.AccessDenied,
)
"""After these nothing was stored: the request was not sent, or turned away before Moodle's function ran."""


class _Sent(Enum):
    """What became of a request that writes, unless an error came."""

    ANSWERED = "answered"
    NOT_STARTED = "not started"


_Answer = _Sent | errors.MoodleError


@dataclass(frozen=True, slots=True)
class _Settled:
    """What became of a write; ``again`` says that it may be sent again, if it was not alone in its request."""

    write: Write
    result: Result
    again: bool = False


@dataclass
class Writer:
    """Carries groups of entries through; ``in_flight`` are the users whose write was sent and is not read back yet."""

    moodle: MoodleClient
    plan: Plan
    reader: Reader
    gate: Gate
    has_time: Callable[[float], bool]
    clock: Callable[[], float] = time.monotonic
    in_flight: set[int] = field(default_factory=set)
    _bulk_refused: bool = False
    _longest: float = _FIRST_GUESS

    async def group(self, entries: Sequence[Entry]) -> list[Result]:
        """Publish a group; state is read right before it is written, so that what a marker does meanwhile stays.

        Where the token may, one request writes the group. If that is answered with an error, what it
        has stored is read, and the rest is written one by one from fresh state: one bad entry costs
        only itself. If no answer came, nothing is sent again.
        """
        if not self.has_time(0):
            return [not_started(entry.user_id) for entry in entries]
        results, writes = await self._decided(entries)
        for part in parts(writes, self.plan.options.max_input_vars):
            results += await self._write(part)
        return results

    async def _decided(self, entries: Sequence[Entry]) -> tuple[list[Result], list[Write]]:
        """Split entries into those that need no write, or cannot have one, and writes."""
        try:
            before = await self.reader.before([entry.user_id for entry in entries])
        except errors.MoodleError as error:
            return [call_failed(entry.user_id, error) for entry in entries], []
        decisions = [self._decide(entry, before[entry.user_id]) for entry in entries]
        writes = [each for each in decisions if isinstance(each, Write)]
        results = [each for each in decisions if isinstance(each, Result)]
        if self.plan.options.dry_run:
            results += [
                Result(each.user_id, Outcome.PUBLISHED, Code.DRY_RUN, "It would be published.") for each in writes
            ]
            writes = []
        return results, writes

    def _decide(self, entry: Entry, before: Stored | errors.MoodleError) -> Result | Write:
        if isinstance(before, errors.MoodleError):
            return call_failed(entry.user_id, before)
        return self.plan.decide(entry, before)

    async def _write(self, writes: list[Write]) -> list[Result]:
        """Write in one request; where the token may not, or it fails, one by one."""
        if len(writes) == 1 or self._bulk_refused:
            return await self._one_by_one(writes)
        started = self.clock()
        answer = await self._send(writes, lambda: save_many(self.moodle, self.plan.assignment, writes))
        if isinstance(answer, errors.AccessDenied) and answer.errorcode == "accessexception":
            self._bulk_refused = True  # ``saves.not_in_service``
            return await self._one_by_one(writes)
        found = await self._settle(writes, [answer] * len(writes), started)
        again = [each.write.entry for each in found if each.again]
        results = [each.result for each in found if not each.again]
        if not again:
            return results
        decided, fresh = await self._decided(again)
        # What turns out to be there was stored by the first request.
        stored = [
            Result(one.user_id, Outcome.PUBLISHED) if one.outcome is Outcome.UNCHANGED else one for one in decided
        ]
        return results + stored + await self._one_by_one(fresh)

    async def _one_by_one(self, writes: list[Write]) -> list[Result]:
        started = self.clock()
        answers = await together(
            self._send([write], partial(save_one, self.moodle, self.plan.assignment, write)) for write in writes
        )
        return [each.result for each in await self._settle(writes, answers, started)]

    async def _send(self, writes: list[Write], request: Callable[[], Coroutine[Any, Any, None]]) -> _Answer:
        """Send a request that writes, unless the time is over when its turn comes."""

        async def turn() -> _Answer:
            if not self.has_time(self._longest):
                return _Sent.NOT_STARTED
            self.in_flight.update(write.user_id for write in writes)
            try:
                await request()
            except errors.MoodleError as error:
                return error
            return _Sent.ANSWERED

        answer: _Answer = await self.gate(turn)
        return answer

    async def _settle(self, writes: list[Write], answers: Sequence[_Answer], started: float) -> list[_Settled]:
        """Read back what was sent and say what became of each write."""
        found: list[_Settled] = []
        sent: list[tuple[Write, _Answer]] = []
        for write, answer in zip(writes, answers, strict=True):
            if answer is _Sent.NOT_STARTED:
                found.append(_Settled(write, not_started(write.user_id)))
            elif isinstance(answer, _TURNED_AWAY) and not isinstance(answer, _UNANSWERED):
                found.append(_Settled(write, call_failed(write.user_id, answer)))
            else:
                sent.append((write, answer))
        after = await self._after([write for write, _ in sent])
        found += [_settled(write, after[write.user_id], answer) for write, answer in sent]
        self.in_flight.difference_update(write.user_id for write in writes)
        if sent:
            self._longest = max(self._longest, self.clock() - started)
        return found

    async def _after(self, writes: Sequence[Write]) -> dict[int, Stored | errors.MoodleError]:
        """Read back; where nothing of it could be seen, and no grade was written, nobody is asked."""
        users = [write.user_id for write in writes]
        if not users or (self.reader.sees_no_comments and not any(write.changes_grade for write in writes)):
            return dict.fromkeys(users, UNSEEN)
        try:
            return await self.reader.after(users)
        except errors.MoodleError as error:
            return dict.fromkeys(users, error)


def _settled(write: Write, after: Stored | errors.MoodleError, answer: _Answer) -> _Settled:
    """Say what became of a write, and whether it may be sent again alone.

    It may where the site answered, and either with an error or so that nothing at all of the write is
    there: PHP drops the end of a form that is too long and says nothing.
    """
    if isinstance(after, errors.MoodleError):
        return _Settled(write, outcome_unknown(write.user_id))
    finding = look(write, after)
    if not isinstance(answer, errors.MoodleError):
        before = write.before
        untouched = (after.comment, after.grade, after.workflow) == (before.comment, before.grade, before.workflow)
        dropped = finding.result.code is Code.NOT_STORED and untouched and write.changes_comment
        return _Settled(write, finding.result, again=dropped)
    if finding.sight is Sight.THERE:
        return _Settled(write, finding.result)
    if isinstance(answer, _UNANSWERED):
        missing = finding.sight is Sight.MISSING
        return _Settled(write, call_failed(write.user_id, answer) if missing else outcome_unknown(write.user_id))
    return _Settled(write, call_failed(write.user_id, answer), again=True)
