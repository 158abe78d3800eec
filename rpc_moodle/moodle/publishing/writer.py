"""Writes one wave of entries: state is read, decided upon, written, and read back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.plan import Plan
from rpc_moodle.moodle.publishing.reader import Reader, State
from rpc_moodle.moodle.publishing.report import Code, Notice, Outcome, Result, WriterName, call_failed, not_started
from rpc_moodle.moodle.publishing.sender import Sender
from rpc_moodle.moodle.publishing.settling import Settling
from rpc_moodle.moodle.publishing.write import Write


@dataclass
class Writer:
    """Carries waves of entries through."""

    plan: Plan
    reader: Reader
    sender: Sender

    async def wave(self, entries: Sequence[Entry], total: int) -> list[Result]:
        """Publish entries, ``total`` being those of the whole publication.

        State is read right before it is written, so that what a marker does meanwhile stays. What the site has
        answered with an error, and what is then seen to have stored nothing, is decided upon anew and sent once
        more, alone. If no answer came, nothing is sent again.
        """
        if not self.sender.has_time(0):
            return [not_started(entry.user_id) for entry in entries]
        results, writes = await self._decided(entries)
        settling = Settling(self.reader, self.sender)
        tries = await self.sender.send(writes, total)
        settled, again = await settling.settle(tries)
        results += settled
        if again:
            decided, fresh = await self._decided(again)
            # What turns out to be there was stored by the first request.
            results += [
                replace(one, outcome=Outcome.PUBLISHED) if one.outcome is Outcome.UNCHANGED else one for one in decided
            ]
            results += (await settling.settle(await self.sender.send(fresh, 1, alone=True), last=True))[0]
        return results

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
        if write.form_only is not None and self.sender.key.lacks(WriterName.FORM):
            return write.form_only
        told = self.sender.tells(write, self.sender.writer(1))
        notices = (*write.notices, Notice.NOTIFIED) if told else write.notices
        text = "It would be published."
        return Result(
            write.user_id,
            Outcome.PUBLISHED,
            Code.DRY_RUN,
            text,
            notices=notices,
            change=write.change(),
            writer=self.sender.writer(1),
        )
