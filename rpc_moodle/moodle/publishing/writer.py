"""Writes one wave of entries: state is read, decided upon, written, and read back."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.models import Participant
from rpc_moodle.moodle.publishing.attaching import Attaching
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.plan import Plan
from rpc_moodle.moodle.publishing.reader import Reader, State
from rpc_moodle.moodle.publishing.report import Outcome, Result, call_failed, not_started
from rpc_moodle.moodle.publishing.sender import Sender, Try
from rpc_moodle.moodle.publishing.settling import Settling
from rpc_moodle.moodle.publishing.teams import in_turn, reopened
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.transport.unhurried import unhurried


@dataclass
class Writer:
    """Carries waves of entries through."""

    plan: Plan
    reader: Reader
    sender: Sender
    attaching: Attaching
    listed: Sequence[Participant] | None = None
    """Who takes part and in which team, where the key may ask."""

    async def survey(self, entries: Sequence[Entry]) -> tuple[list[Result], list[Entry]]:
        """Settle who needs no write by one look at everybody, and return the others, those least likely done first.

        So a call that is made again goes on where the time of the last one ended. Of whom the look tells too little,
        who has a grade already is asked about last, and all others in another order at each call.
        """
        try:
            await self.reader.survey()
        except errors.MoodleError:
            return [], list(entries)  # it is told of each when its turn comes
        results: list[Result] = []
        known: list[Entry] = []
        others: list[Entry] = []
        async for entry in unhurried(entries):
            state = None if entry.files else self.reader.surveyed(entry)
            decided = None if state is None else self._decide(entry, state)
            if decided is None:
                others.append(entry)
            elif isinstance(decided, Result):
                results.append(decided)
            else:
                known.append(entry)
        random.shuffle(others)
        others.sort(key=lambda entry: entry.names_grade and self.reader.is_graded(entry.user_id))
        return results, known + others

    async def wave(self, entries: Sequence[Entry], total: int) -> list[Result]:
        """Publish entries, ``total`` being those of the whole publication.

        State is read right before it is written, so that what a marker does meanwhile stays. What the site has
        answered with an error, and what is then seen to have stored nothing, is decided upon anew and sent once
        more, alone. If no answer came, nothing is sent again.
        """
        results, entries = await self.attaching.prepare(entries)
        waiting = entries
        while waiting:
            if not self.sender.has_time(0):
                results += [not_started(entry.user_id) for entry in waiting]
                break
            done, waiting = await self._round(waiting, total)
            results += done
        # Who has files is not done before they are read back.
        files = {entry.user_id for entry in entries if entry.draft}
        self.sender.in_flight |= files
        results = await self.attaching.settle(results)
        self.sender.in_flight -= files
        return results

    async def _round(self, entries: Sequence[Entry], total: int) -> tuple[list[Result], list[Entry]]:
        """Decide, write and read back; return the results, and the entries that wait for others of their team."""
        results, writes, waiting = await self._decided(entries)
        settling = Settling(self.reader, self.sender)
        settled, again = await settling.settle(await self._sent(writes, total))
        results += settled
        if again:
            decided, fresh, waiting_too = await self._decided(again)
            waiting += waiting_too
            # What turns out to be there was stored by the first request.
            results += [
                replace(one, outcome=Outcome.PUBLISHED) if one.outcome is Outcome.UNCHANGED else one for one in decided
            ]
            results += (await settling.settle(await self._sent(fresh, 1, alone=True), last=True))[0]
        return results, waiting

    async def _sent(self, writes: Sequence[Write], total: int, *, alone: bool = False) -> list[Try]:
        """Send writes, those for whole teams each in a request of its own."""
        tries = await self.sender.send([write for write in writes if not write.team], total, alone=alone)
        tries += await self.sender.send([write for write in writes if write.team], 1, alone=True)
        return tries + [replace(each, write=mate) for each in tries for mate in each.write.team]

    async def _decided(self, entries: Sequence[Entry]) -> tuple[list[Result], list[Write], list[Entry]]:
        """Split entries into those that need no write, or cannot have one, writes, and those that have to wait."""
        if not entries:
            return [], [], []
        try:
            before = await self.reader.before(entries)
        except errors.MoodleError as error:
            return [call_failed(entry.user_id, error) for entry in entries], [], []
        decisions = [self._decide(entry, before[entry.user_id]) async for entry in unhurried(entries)]
        writes = [each for each in decisions if isinstance(each, Write)]
        results = [each for each in decisions if isinstance(each, Result)]
        writes, waiting = in_turn(self.plan.assignment, self.listed, writes)
        if self.plan.options.dry_run:
            later = [self._decide(write.entry, reopened(write.before)) for write in waiting]
            mates = [mate for write in writes for mate in write.team]
            planned = [*writes, *mates, *later]
            results += [self.sender.planned(each) if isinstance(each, Write) else each for each in planned]
            return results, [], []
        return results, writes, [write.entry for write in waiting]

    def _decide(self, entry: Entry, before: State) -> Result | Write:
        if isinstance(before, errors.MoodleError):
            return call_failed(entry.user_id, before)
        return self.plan.decide(entry, before)
