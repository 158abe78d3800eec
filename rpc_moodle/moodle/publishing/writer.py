"""Writes one wave of entries: state is read, decided upon, written, and read back."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from typing import Any

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.harm import may_reopen
from rpc_moodle.moodle.publishing.keys import BATCH, Gate, Key
from rpc_moodle.moodle.publishing.plan import Plan
from rpc_moodle.moodle.publishing.reader import Reader, State
from rpc_moodle.moodle.publishing.report import (
    Code,
    Notice,
    Outcome,
    Result,
    WriterName,
    call_failed,
    not_started,
    outcome_unknown,
)
from rpc_moodle.moodle.publishing.requests import Answer, NotReached, parts, save_form, save_forms, save_many, save_one
from rpc_moodle.moodle.publishing.stored import UNKNOWN, UNSEEN_MARK, Stored
from rpc_moodle.moodle.publishing.verify import Finding, Sight, look
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.transport.gather import together

_FIRST_GUESS = 1.0
"""Seconds that a request is given until one has been measured."""

_FORMS_ALONE = 20
"""Users to whom Moodle's own form is sent one by one, where neither it nor its answers can be sent together."""

_LONG = 65_536
"""Characters of a text from which on it is compared in a thread."""

_TURNED_AWAY = (
    errors.Unreachable,
    errors.HostNotAllowed,
    errors.CircuitOpen,
    errors.SiteBusy,
    errors.InvalidToken,
    errors.AccessDenied,
    NotReached,
)
"""After these nothing was stored: the request was not sent, or turned away before Moodle's function ran."""


class _Sent(Enum):
    """What became of a request that writes, unless an error came."""

    ANSWERED = "answered"
    NOT_STARTED = "not started"


@dataclass(frozen=True, slots=True)
class _Try:
    """A write with the writer that sent it and what the site said."""

    write: Write
    writer: WriterName
    answer: _Sent | errors.MoodleError


@dataclass
class Writer:
    """Carries waves of entries through; ``in_flight`` are the users whose write was sent and is not read back yet."""

    moodle: MoodleClient
    plan: Plan
    key: Key
    reader: Reader
    gate: Gate
    has_time: Callable[[float], bool]
    clock: Callable[[], float] = time.monotonic
    in_flight: set[int] = field(default_factory=set)
    longest: float = _FIRST_GUESS
    """Seconds that the longest request took; none is started when less is left."""

    async def wave(self, entries: Sequence[Entry], total: int) -> list[Result]:
        """Publish entries, ``total`` being those of the whole publication.

        State is read right before it is written, so that what a marker does meanwhile stays. What the site has
        answered with an error, and what is then seen to have stored nothing, is decided upon anew and sent once
        more, alone. If no answer came, nothing is sent again.
        """
        if not self.has_time(0):
            return [not_started(entry.user_id) for entry in entries]
        results, writes = await self._decided(entries)
        tries = await self._send_all(writes, total)
        settled, again = await self._settle(tries)
        results += settled
        if again:
            decided, fresh = await self._decided(again)
            # What turns out to be there was stored by the first request.
            results += [
                replace(one, outcome=Outcome.PUBLISHED) if one.outcome is Outcome.UNCHANGED else one for one in decided
            ]
            results += (await self._settle(await self._send_all(fresh, 1, alone=True), last=True))[0]
        return results

    def writes_together(self, total: int) -> bool:
        """Whether many users are written to in one request."""
        writer = self._writer(total)
        return writer is WriterName.MANY or (writer is WriterName.FORM and self.key.knows(BATCH))

    async def _decided(self, entries: Sequence[Entry]) -> tuple[list[Result], list[Write]]:
        """Split entries into those that need no write, or cannot have one, and writes."""
        try:
            before = await self.reader.before(entries)
        except errors.MoodleError as error:
            return [call_failed(entry.user_id, error) for entry in entries], []
        decisions = [self._decide(entry, before[entry.user_id]) for entry in entries]
        writes = [each for each in decisions if isinstance(each, Write)]
        results = [each for each in decisions if isinstance(each, Result)]
        if self.plan.options.dry_run:
            results += [self._planned(write) for write in writes]
            writes = []
        return results, writes

    def _decide(self, entry: Entry, before: State) -> Result | Write:
        if isinstance(before, errors.MoodleError):
            return call_failed(entry.user_id, before)
        return self.plan.decide(entry, before)

    def _planned(self, write: Write) -> Result:
        """Return what would become of a write, were it sent."""
        if write.form_only is not None and self.key.lacks(WriterName.FORM):
            return write.form_only
        told = self._tells(write, self._writer(1))
        notices = (*write.notices, Notice.NOTIFIED) if told else write.notices
        text = "It would be published."
        return Result(
            write.user_id,
            Outcome.PUBLISHED,
            Code.DRY_RUN,
            text,
            notices=notices,
            change=write.change(),
            writer=self._writer(1),
        )

    @property
    def _form_is_possible(self) -> bool:
        return not self.key.lacks(WriterName.FORM)

    def _writer(self, count: int) -> WriterName:
        """Choose the writer: Moodle's own form where the key may call it, and for many where it goes together."""
        if self._form_is_possible and (self.key.knows(BATCH) or count <= _FORMS_ALONE):
            return WriterName.FORM
        if count > 1 and not self.key.lacks(WriterName.MANY):
            return WriterName.MANY
        if self._form_is_possible and self.key.lacks(WriterName.ONE):
            return WriterName.FORM
        return WriterName.ONE

    async def _send_all(self, writes: Sequence[Write], total: int, *, alone: bool = False) -> list[_Try]:
        """Send writes by the best writer that the key may call; what one refuses goes to the next.

        ``alone``: each in a request of its own.
        """
        tries: list[_Try] = []
        waiting = list(writes)
        while waiting:
            writer = self._writer(1 if alone else max(total, len(waiting)))
            bound = [write for write in waiting if write.form_only is not None] if writer is not WriterName.FORM else []
            free = [write for write in waiting if write not in bound]
            sent = await self._send_by(writer if free else WriterName.FORM, free or bound, alone=alone)
            refused = [each for each in sent if _is_refused(each)]
            for each in refused:
                self.key.refused.add(each.writer)
            others = (WriterName.FORM, WriterName.MANY, WriterName.ONE)
            if refused and all(self.key.lacks(name) for name in others):
                return tries + sent
            tries += [each for each in sent if each not in refused]
            waiting = [each.write for each in refused] + (bound if free else [])
            if self.key.lacks(WriterName.FORM):
                tries += [_Try(write, WriterName.FORM, _Sent.NOT_STARTED) for write in waiting if write.form_only]
                waiting = [write for write in waiting if write.form_only is None]
        return tries

    async def _send_by(self, writer: WriterName, writes: Sequence[Write], *, alone: bool) -> list[_Try]:
        batch = self.key.knows(BATCH) and len(writes) > 1
        alone = alone or writer is WriterName.ONE or (writer is WriterName.FORM and not batch)
        options = self.plan.options
        groups = list(parts(writes, options.max_input_vars, 1 if alone else options.chunk, writer))
        sent: list[list[_Try]] = []
        if len(groups) > 1 and not self.key.knows(writer):  # one finds out for all whether the key may
            sent = [await self._send(writer, groups.pop(0), together_=not alone)]
            if any(_is_refused(each) for each in sent[0]):
                return sent[0] + [replace(sent[0][0], write=write) for group in groups for write in group]
        sent += await together(self._send(writer, group, together_=not alone) for group in groups)
        return [each for group in sent for each in group]

    async def _send(self, writer: WriterName, writes: list[Write], *, together_: bool) -> list[_Try]:
        """Send a request that writes, unless the time is over when its turn comes."""
        assignment = self.plan.assignment

        async def turn() -> list[Answer] | _Sent:
            if not self.has_time(self.longest):
                return _Sent.NOT_STARTED
            self.in_flight.update(write.user_id for write in writes)
            started = self.clock()
            try:
                return await ask()
            finally:
                self.longest = max(self.longest, self.clock() - started)

        async def ask() -> list[Answer]:
            request: Callable[[], Coroutine[Any, Any, Any]]
            if together_ and writer is WriterName.FORM:
                return await save_forms(self.moodle, assignment, writes)
            if together_:
                request = partial(save_many, self.moodle, assignment, writes)
            elif writer is WriterName.FORM:
                request = partial(save_form, self.moodle, assignment, writes[0])
            else:
                request = partial(save_one, self.moodle, assignment, writes[0])
            await request()
            return [None] * len(writes)

        try:
            answers = await self.gate(turn)
        except errors.MoodleError as error:
            answers = [error] * len(writes)
        if answers is _Sent.NOT_STARTED:
            return [_Try(write, writer, _Sent.NOT_STARTED) for write in writes]
        return [_Try(write, writer, answer or _Sent.ANSWERED) for write, answer in zip(writes, answers, strict=True)]

    async def _settle(self, tries: Sequence[_Try], *, last: bool = False) -> tuple[list[Result], list[Entry]]:
        """Read back what was sent; return what became of each write, and the entries that may be sent once more."""
        results: list[Result] = []
        again: list[Entry] = []
        sent: list[_Try] = []
        for each in tries:
            if each.answer is _Sent.NOT_STARTED:
                refused = each.write.form_only if self.key.lacks(WriterName.FORM) else None
                results.append(refused or not_started(each.write.user_id))
            elif isinstance(each.answer, NotReached) and not last:
                again.append(each.write.entry)
            elif isinstance(each.answer, _TURNED_AWAY) and not isinstance(each.answer, errors.Disconnected):
                results.append(call_failed(each.write.user_id, each.answer))
            else:
                sent.append(each)
        after = await self._after([each.write for each in sent])
        for each in sent:
            result, repeat = await self._settled(each, after[each.write.user_id])
            if repeat and not last:
                again.append(each.write.entry)
            else:
                results.append(result)
        self.in_flight.difference_update(each.write.user_id for each in tries)
        return results, again

    async def _after(self, writes: Sequence[Write]) -> dict[int, State]:
        """Read back; where nothing of it could be seen, nobody is asked."""
        if not writes:
            return {}
        reopens = any(may_reopen(self.plan.assignment, write.before.newest) for write in writes)
        named = any(write.entry.names_grade or write.names_state for write in writes)
        if self.reader.sees_no_comments and not named and not reopens and self.key.lacks("mod_assign_get_grades"):
            return {write.user_id: _unseen(write) for write in writes}
        try:
            return await self.reader.after(writes)
        except errors.MoodleError as error:
            return dict.fromkeys((write.user_id for write in writes), error)

    async def _settled(self, sent: _Try, after: State) -> tuple[Result, bool]:
        """Say what became of a write, and whether it may be sent again alone.

        It may where the site answered, and either with an error or so that nothing at all of the write is
        there: PHP drops the end of a form that is too long and says nothing.
        """
        write, answer = sent.write, sent.answer
        if isinstance(after, errors.MoodleError):
            return outcome_unknown(write.user_id), False
        try:
            finding = await _looked(write, after)
        except Exception:  # noqa: BLE001 - whatever a text does to the comparison, it costs this user only
            return outcome_unknown(write.user_id), False
        result = replace(self._told(finding.result, write, sent.writer), writer=sent.writer, change=write.change())
        if not isinstance(answer, errors.MoodleError):
            return result, finding.untouched and sent.writer is WriterName.MANY and write.changes_comment
        if finding.sight is Sight.THERE:
            return result, False
        if not isinstance(answer, errors.MoodleException):
            return replace(outcome_unknown(write.user_id), writer=sent.writer), False
        return call_failed(write.user_id, answer), finding.untouched

    def _told(self, result: Result, write: Write, writer: WriterName) -> Result:
        if result.outcome is Outcome.FAILED or not self._tells(write, writer):
            return result
        return replace(result, notices=(*result.notices, Notice.NOTIFIED))

    def _tells(self, write: Write, writer: WriterName) -> bool:
        """Whether Moodle notifies the student: every write of ``save_grade`` does, once the grade is released."""
        if writer is WriterName.FORM:
            return write.notify
        return not self.plan.assignment.markingworkflow or write.workflow == "released"


async def _looked(write: Write, after: Stored) -> Finding:
    size = len(write.comment.text) if write.comment is not None else 0
    mark = after.mark(write.attempt)
    size = max(size, 0 if mark.comment is UNKNOWN else len(mark.comment.text))
    return look(write, after) if size < _LONG else await asyncio.to_thread(look, write, after)


def _is_refused(each: _Try) -> bool:
    return isinstance(each.answer, errors.AccessDenied) and each.answer.errorcode == "accessexception"


def _unseen(write: Write) -> Stored:
    return Stored(write.before.newest, {write.attempt: UNSEEN_MARK}, UNKNOWN)
