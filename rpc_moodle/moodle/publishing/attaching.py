"""Puts what a user's files are to be into a draft area before a write, and proves them after it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rpc_moodle.moodle import drafts, errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.files.upload import Upload
from rpc_moodle.moodle.publishing import attached
from rpc_moodle.moodle.publishing.attached import Attached
from rpc_moodle.moodle.publishing.contents import Contents
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.feedback_files import Held, arranged
from rpc_moodle.moodle.publishing.file_reader import FileReader
from rpc_moodle.moodle.publishing.plan import Plan
from rpc_moodle.moodle.publishing.reader import Reader, State
from rpc_moodle.moodle.publishing.report import Outcome, Result, WriterName, call_failed, not_started
from rpc_moodle.moodle.publishing.sender import Sender
from rpc_moodle.moodle.publishing.stored import Stored
from rpc_moodle.transport.gather import together
from rpc_moodle.transport.retry import again

_SIDE_BY_SIDE = 3
"""Uploads of one publication at a time: each keeps one of the site's few workers busy until it is done."""

_FOR_UPLOADS = 0.7
"""The part of the time left that uploads may take; the rest is for writing and reading back."""


class _Settled(Exception):
    """What becomes of an entry that is not written."""

    def __init__(self, result: Result) -> None:
        self.result = result


@dataclass(frozen=True)
class _Known:
    """What is read once for a wave: who has which row of grades, bytes of a file at most, until when to upload."""

    rows: Mapping[int, int] | None
    limit: int
    until: float | None


@dataclass
class Attaching:
    """Prepares entries that have files, and settles what became of the files."""

    moodle: MoodleClient
    files: FileReader
    plan: Plan
    reader: Reader
    sender: Sender
    contents: Contents
    time_left: Callable[[], float]
    _attached: dict[int, Attached] = field(default_factory=dict)
    _uploads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_SIDE_BY_SIDE))

    async def prepare(self, entries: Sequence[Entry]) -> tuple[list[Result], list[Entry]]:
        """Return results of entries that need no write or cannot have one, and the others, with their draft areas.

        Nothing is uploaded for whoever is refused. An entry whose files are there already goes on without them.
        """
        with_files = [entry for entry in entries if entry.files]
        ready = [entry for entry in entries if not entry.files]
        if not with_files:
            return [], ready
        left = self.time_left() * _FOR_UPLOADS
        until = None if left == float("inf") else asyncio.get_running_loop().time() + left
        try:
            before = await self.reader.before(with_files)
            known = _Known(await self.files.rows(), await self.files.limit(), until)
        except errors.MoodleError as error:
            return [call_failed(entry.user_id, error) for entry in with_files], ready
        done = await together(self._prepared(entry, before[entry.user_id], known) for entry in with_files)
        results = [each for each in done if isinstance(each, Result)]
        return results, ready + [each for each in done if isinstance(each, Entry)]

    async def settle(self, results: Sequence[Result]) -> list[Result]:
        """Read back the files of those who were written to, and say what became of them."""
        return await together(self._settled(result) for result in results)

    async def _prepared(self, entry: Entry, before: State, known: _Known) -> Result | Entry:
        try:
            if isinstance(before, errors.MoodleError):
                raise before
            return await self._drafted(await self._arranged(entry, before, known), before, known)
        except _Settled as settled:
            return settled.result
        except TimeoutError:
            return not_started(entry.user_id)
        except errors.MoodleError as error:
            return attached.refused(entry, error) or call_failed(entry.user_id, error)

    async def _arranged(self, entry: Entry, before: Stored, known: _Known) -> Attached:
        """Decide what the user's files are to be. Raises _Settled and any MoodleError."""
        attempt = self.plan.attempt(entry, before)
        if isinstance(attempt, Result):
            raise _Settled(attempt)
        entry = replace(entry, attempt=attempt)
        there = await self.files.before(entry.user_id, attempt, before, known.rows)
        replaces = self.sender.options.replace_files
        held = await self._held(entry)
        if there is None and not replaces:
            return await self._seen(entry, held, known)
        same = await self.files.same(held, there or ())
        own = Attached(entry, arranged(held, there or (), same, replace=replaces), there)
        if own.changes and known.limit and own.arrangement.largest > known.limit:
            raise _Settled(attached.too_large(entry, own.arrangement, known.limit))
        return own

    async def _seen(self, entry: Entry, held: Sequence[Held], known: _Known) -> Attached:
        """Go on without the files where all of them are seen to be there, though nothing lists what else is."""
        sha1s = {f"/{one.name}": one.sha1 for one in held}
        if not all((await self.files.unlisted(entry.user_id, known.rows, sha1s)).values()):
            raise _Settled(attached.unknown(entry))
        return Attached(entry, arranged(held, (), frozenset(), replace=False).as_it_is, None, seen=True)

    async def _held(self, entry: Entry) -> list[Held]:
        held: list[Held] = []
        for file in entry.files:
            try:
                held.append(await self.contents.held(file))
            except Exception as error:  # noqa: BLE001 - whatever a file's source does, it costs this user only
                raise _Settled(attached.unreadable(entry, len(held), error)) from None
        return held

    async def _drafted(self, own: Attached, before: Stored, known: _Known) -> Entry:
        """Fill the draft area of an entry that is to be written. Raises _Settled, TimeoutError and any MoodleError."""
        entry = own.entry
        decided = self.plan.decide(replace(entry, draft=0 if own.changes else None), before)
        if isinstance(decided, Result):
            raise _Settled(own.told(decided) if decided.outcome is Outcome.UNCHANGED else decided)
        if decided.form_only is not None and self.sender.key.lacks(WriterName.FORM):
            raise _Settled(decided.form_only)
        if self.sender.options.dry_run:
            raise _Settled(own.told(self.sender.planned(decided)))
        if own.changes:
            async with asyncio.timeout_at(known.until), self._uploads:
                draft = await again(lambda _: self._filled(own), read=True, remaining=self.time_left)
            entry = replace(entry, draft=draft)
            if await self.files.before(entry.user_id, own.attempt, before, known.rows) != own.there:
                raise _Settled(attached.changed_meanwhile(entry))
        self._attached[entry.user_id] = own
        return entry

    async def _filled(self, own: Attached) -> int:
        """Fill a draft area with all that the user's files are to be, one upload after the other.

        It is a fresh one, so that it can be done again.
        """
        draft = 0
        own.begin()
        try:
            for placed in own.mine:
                held = placed.held
                draft, path = await self._put(Upload(placed.name, held.content, held.size), draft, "/")
                own.is_to_be(path, held.size, held.sha1, instead_of=placed.path)
            for file in own.arrangement.kept:
                passed = _Passed(self.moodle, file.url)
                try:
                    draft, path = await self._put(Upload(file.name, passed.pieces(), file.size), draft, file.folder)
                except errors.Disconnected as broken:
                    raise passed.error or broken from None
                if path != file.path:
                    raise _Settled(attached.renamed(own.entry, file))
                own.is_to_be(path, file.size, passed.sha1, instead_of=file.path)
        except errors.NotDone as error:
            raise _Settled(attached.file_refused(own.entry, error)) from None
        return draft

    async def _put(self, upload: Upload, draft: int, folder: str) -> tuple[int, str]:
        """Upload one file into a draft area; return the area and the path that the file has there."""
        placed = await drafts.upload(self.moodle, [upload], into=draft, folder=folder)
        (path,) = placed.stored
        return placed.itemid, f"/{path}"

    async def _settled(self, result: Result) -> Result:
        own = self._attached.pop(result.user_id, None)
        if own is None or (result.writer is None and result.outcome is Outcome.FAILED):
            return result
        if not own.expected:
            return own.told(result)
        try:
            there = await self.files.now(result.user_id, own.attempt)
            if there is None:
                sha1s = {path: sha1 for path, (_, sha1) in own.expected.items()}
                proofs = await self.files.unlisted(result.user_id, await self.files.rows(), sha1s)
            else:
                proofs = await self.files.proofs(own.expected, there)
        except errors.MoodleError:
            there, proofs = None, {}
        return own.settled(result, there, proofs)


@dataclass
class _Passed:
    """A stored file that is passed on as it comes; ``sha1`` is its content's once it has, ``error`` why it has not."""

    moodle: MoodleClient
    url: str
    sha1: str = ""
    error: errors.MoodleError | None = None

    async def pieces(self) -> AsyncIterator[bytes]:
        """Give the pieces; an error ends the request that sends them, and stands in ``error``."""
        try:
            async with self.moodle.open(self.url) as file:
                async for piece in file.pieces():
                    yield piece
                self.sha1 = file.sha1 or ""
        except errors.MoodleError as error:
            self.error = error
            raise
