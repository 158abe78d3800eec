"""Reads back what was sent and says what became of each write."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.harm import may_reopen
from rpc_moodle.moodle.publishing.keys import Key
from rpc_moodle.moodle.publishing.reader import Reader, State
from rpc_moodle.moodle.publishing.report import (
    Notice,
    Outcome,
    Result,
    WriterName,
    call_failed,
    not_started,
    outcome_unknown,
)
from rpc_moodle.moodle.publishing.requests import Sent
from rpc_moodle.moodle.publishing.sender import Sender, Try
from rpc_moodle.moodle.publishing.stored import UNKNOWN, UNSEEN_MARK, Stored
from rpc_moodle.moodle.publishing.verify import Sight, look
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.transport.unhurried import unhurried

_TURNED_AWAY = (
    errors.Unreachable,
    errors.HostNotAllowed,
    errors.CircuitOpen,
    errors.SiteBusy,
    errors.InvalidToken,
    errors.AccessDenied,
)
"""After these nothing was stored: the request was not sent, or turned away before Moodle's function ran."""


@dataclass
class Settling:
    """Settles what a sender has sent."""

    reader: Reader
    sender: Sender

    @property
    def _key(self) -> Key:
        return self.sender.key

    async def settle(self, tries: Sequence[Try], *, last: bool = False) -> tuple[list[Result], list[Entry]]:
        """Read back what was sent; return what became of each write, and the entries that may be sent once more."""
        results: list[Result] = []
        again: list[Entry] = []
        sent: list[Try] = []
        for each in tries:
            if each.answer is Sent.NOT_STARTED:
                refused = each.write.form_only if self._key.lacks(WriterName.FORM) else None
                results.append(refused or not_started(each.write.user_id))
            elif each.answer is Sent.NOT_REACHED:
                if last:
                    results.append(not_started(each.write.user_id))
                else:
                    again.append(each.write.entry)
            elif isinstance(each.answer, _TURNED_AWAY) and not isinstance(each.answer, errors.Disconnected):
                results.append(call_failed(each.write.user_id, each.answer))
            else:
                sent.append(each)
        after = await self._after([each.write for each in sent])
        async for each in unhurried(sent):
            result, repeat = self._settled(each, after[each.write.user_id])
            if repeat and not last:
                again.append(each.write.entry)
            else:
                results.append(result)
        self.sender.in_flight.difference_update(each.write.user_id for each in tries)
        return results, again

    async def _after(self, writes: Sequence[Write]) -> dict[int, State]:
        """Read back; where nothing of it could be seen, nobody is asked."""
        if not writes:
            return {}
        reopens = any(may_reopen(self.sender.assignment, write.before.newest) for write in writes)
        named = any(write.entry.names_grade or write.names_state for write in writes)
        if self.reader.sees_no_comments and not named and not reopens and self._key.lacks("mod_assign_get_grades"):
            return {write.user_id: _unseen(write) for write in writes}
        try:
            return await self.reader.after(writes)
        except errors.MoodleError as error:
            return dict.fromkeys((write.user_id for write in writes), error)

    def _settled(self, sent: Try, after: State) -> tuple[Result, bool]:
        """Say what became of a write, and whether it may be sent again alone.

        It may where the site answered, and either with an error or so that nothing at all of the write is
        there: PHP drops the end of a form that is too long and says nothing.
        """
        write, answer = sent.write, sent.answer
        if isinstance(after, errors.MoodleError):
            return outcome_unknown(write.user_id), False
        try:
            finding = look(write, after)
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
        if result.outcome is Outcome.FAILED or not self.sender.tells(write, writer):
            return result
        return replace(result, notices=(*result.notices, Notice.NOTIFIED))


def _unseen(write: Write) -> Stored:
    return Stored(write.before.newest, {write.attempt: UNSEEN_MARK}, UNKNOWN)
