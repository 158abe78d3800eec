"""Sends writes by the best writer that the key may call; what one refuses goes to the next."""

import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.entries import Options
from rpc_moodle.moodle.publishing.keys import BATCH, Gate, Key
from rpc_moodle.moodle.publishing.report import Code, Notice, Outcome, Result, WriterName
from rpc_moodle.moodle.publishing.requests import Answer, Sent, parts, save_form, save_forms, save_many, save_one
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.transport.gather import together

_FIRST_GUESS = 0.5
"""Seconds that a request is given until one has been measured."""

_FORMS_ALONE = 20
"""Users to whom Moodle's own form is sent one by one, where neither it nor its answers can be sent together."""


@dataclass(frozen=True, slots=True)
class Try:
    """A write with the writer that sent it and what the site said."""

    write: Write
    writer: WriterName
    answer: Sent | errors.MoodleError


@dataclass
class Sender:
    """Sends writes; ``in_flight`` are the users whose write was sent and is not read back yet."""

    moodle: MoodleClient
    assignment: Assignment
    options: Options
    key: Key
    gate: Gate
    has_time: Callable[[float], bool]
    clock: Callable[[], float] = time.monotonic
    in_flight: set[int] = field(default_factory=set)
    longest: float = _FIRST_GUESS
    """Seconds that the longest request took; none is started when less is left."""

    def writes_together(self, total: int) -> bool:
        """Whether many users are written to in one request."""
        writer = self.writer(total)
        return writer is WriterName.MANY or (writer is WriterName.FORM and self.key.knows(BATCH))

    @property
    def _form_is_possible(self) -> bool:
        return not self.key.lacks(WriterName.FORM)

    def writer(self, count: int) -> WriterName:
        """Choose the writer: Moodle's own form where the key may call it, and for many where it goes together."""
        if self._form_is_possible and (self.key.knows(BATCH) or count <= _FORMS_ALONE):
            return WriterName.FORM
        if count > 1 and not self.key.lacks(WriterName.MANY):
            return WriterName.MANY
        if self._form_is_possible and self.key.lacks(WriterName.ONE):
            return WriterName.FORM
        return WriterName.ONE

    async def send(self, writes: Sequence[Write], total: int, *, alone: bool = False) -> list[Try]:
        """Send writes, ``total`` being those of the whole publication; ``alone``: each in a request of its own."""
        tries: list[Try] = []
        waiting = list(writes)
        while waiting:
            writer = self.writer(1 if alone else max(total, len(waiting)))
            by_form = writer is WriterName.FORM
            bound = [write for write in waiting if write.form_only is not None and not by_form]
            free = [write for write in waiting if write.form_only is None or by_form]
            sent = await self._send_by(writer if free else WriterName.FORM, free or bound, alone=alone)
            refused = [each for each in sent if _is_refused(each)]
            for each in refused:
                self.key.refused.add(each.writer)
            others = (WriterName.FORM, WriterName.MANY, WriterName.ONE)
            if refused and all(self.key.lacks(name) for name in others):
                return tries + sent
            tries += [each for each in sent if not _is_refused(each)]
            waiting = [each.write for each in refused] + (bound if free else [])
            if self.key.lacks(WriterName.FORM):
                tries += [Try(write, WriterName.FORM, Sent.NOT_STARTED) for write in waiting if write.form_only]
                waiting = [write for write in waiting if write.form_only is None]
        return tries

    async def _send_by(self, writer: WriterName, writes: Sequence[Write], *, alone: bool) -> list[Try]:
        batch = self.key.knows(BATCH) and len(writes) > 1
        alone = alone or writer is WriterName.ONE or (writer is WriterName.FORM and not batch)
        options = self.options
        groups = list(parts(writes, options.max_input_vars, 1 if alone else options.chunk, writer))
        sent: list[list[Try]] = []
        if len(groups) > 1 and not self.key.knows(writer):  # one finds out for all whether the key may
            sent = [await self._send(writer, groups.pop(0), together_=not alone)]
            if any(_is_refused(each) for each in sent[0]):
                return sent[0] + [replace(sent[0][0], write=write) for group in groups for write in group]
        sent += await together(self._send(writer, group, together_=not alone) for group in groups)
        return [each for group in sent for each in group]

    async def _send(self, writer: WriterName, writes: list[Write], *, together_: bool) -> list[Try]:
        """Send a request that writes, unless the time is over when its turn comes."""

        async def turn() -> list[Answer] | Sent:
            if not self.has_time(self.longest):
                return Sent.NOT_STARTED
            self.in_flight.update(user for write in writes for user in write.reaches)
            started = self.clock()
            try:
                return await ask()
            finally:
                self.longest = max(self.longest, self.clock() - started)

        async def ask() -> list[Answer]:
            request: Callable[[], Coroutine[Any, Any, Any]]
            if together_ and writer is WriterName.FORM:
                return await save_forms(self.moodle, self.assignment, writes)
            if together_:
                request = partial(save_many, self.moodle, self.assignment, writes)
            elif writer is WriterName.FORM:
                request = partial(save_form, self.moodle, self.assignment, writes[0])
            else:
                request = partial(save_one, self.moodle, self.assignment, writes[0])
            await request()
            return [Sent.ANSWERED] * len(writes)

        try:
            answers = await self.gate(turn)
        except errors.MoodleError as error:
            answers = [error] * len(writes)
        if answers is Sent.NOT_STARTED:
            return [Try(write, writer, Sent.NOT_STARTED) for write in writes]
        return [Try(write, writer, answer) for write, answer in zip(writes, answers, strict=True)]

    def planned(self, write: Write) -> Result:
        """Return what would become of a write, were it sent."""
        if write.form_only is not None and self.key.lacks(WriterName.FORM):
            return write.form_only
        told = self.tells(write, self.writer(1))
        notices = (*write.notices, Notice.NOTIFIED) if told else write.notices
        text = "It would be published."
        return Result(
            write.user_id,
            Outcome.PUBLISHED,
            Code.DRY_RUN,
            text,
            notices=notices,
            change=write.change(),
            writer=self.writer(1),
        )

    def tells(self, write: Write, writer: WriterName) -> bool:
        """Whether Moodle notifies the student: every write of ``save_grade`` does, once the grade is released."""
        if writer is WriterName.FORM:
            return write.notify
        return not self.assignment.markingworkflow or write.workflow == "released"


def _is_refused(each: Try) -> bool:
    return isinstance(each.answer, errors.AccessDenied) and each.answer.errorcode == "accessexception"
