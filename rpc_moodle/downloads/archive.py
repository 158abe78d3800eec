"""All submitted files of an assignment as one ZIP, streamed in constant memory."""

from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import aclosing
from functools import partial

from pydantic import SecretStr

from rpc_moodle.downloads.onlinetext import TextFile
from rpc_moodle.downloads.tree import SubmittedFile
from rpc_moodle.downloads.zipstream import ZipStream
from rpc_moodle.errors import sentence
from rpc_moodle.moodle import Http, MoodleError
from rpc_moodle.moodle.files.ahead import in_order
from rpc_moodle.moodle.files.remote import RemoteFile

ERRORS = "_errors.txt"
"""The entry that names the files which could not be fetched, and why; there is none when all could."""


class Archive:
    """A ZIP of files; after the last chunk ``failed`` holds path and reason of each that is not in it."""

    def __init__(
        self,
        http: Http,
        token: SecretStr,
        files: Sequence[SubmittedFile],
        *,
        owner: Hashable = None,
        caller: Hashable = None,
    ) -> None:
        """Take the files and what opens them; transfers of ``owner`` take turns, and count as ``caller``'s."""
        self.failed: list[tuple[str, str]] = []
        self._files = files
        self._openers = [partial(file.open, http, token, owner, caller) for file in files]

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """Give the ZIP's bytes; a file that fails is left out and named in ``_errors.txt`` and the ZIP's comment."""
        zipped = ZipStream()
        try:
            async with aclosing(in_order(self._openers)) as opened:
                listed = iter(self._files)
                async for file in opened:
                    async for chunk in self._member(zipped, next(listed), file):
                        yield chunk
            await self._close(zipped)
            yield zipped.take()
        finally:
            zipped.abandon()

    async def _close(self, zipped: ZipStream) -> None:
        comment = ""
        if self.failed:
            comment = f"{len(self.failed)} of {len(self._files)} files are missing; see {ERRORS}"
            zipped.begin(ERRORS, size=None)
            await zipped.write("".join(f"{path}\t{reason}\n" for path, reason in self.failed).encode())
            zipped.end()
        zipped.close(comment)

    async def _member(
        self, zipped: ZipStream, listed: SubmittedFile, file: RemoteFile | TextFile | Exception
    ) -> AsyncGenerator[bytes, None]:
        if isinstance(file, MoodleError):
            self.failed.append((listed.path, sentence(file)))
        if isinstance(file, Exception):
            return
        zipped.begin(listed.path, size=file.head.size, modified=listed.modified, mimetype=listed.mimetype)
        whole = False
        try:
            async for piece in file.pieces():
                await zipped.write(piece)
                yield zipped.take()
            whole = True
        except MoodleError as error:
            self.failed.append((listed.path, sentence(error)))
        zipped.end(keep=whole)
        yield zipped.take()
