"""The contents of files to be given: known by size and SHA-1, each held in memory or on disk once."""

import asyncio
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from rpc_moodle.moodle.files.remote import new_digest
from rpc_moodle.moodle.publishing.feedback_files import FeedbackFile, Held, stored_name

_BLOCK = 1024 * 1024
"""Bytes that are read at a time."""


class Contents:
    """Makes the contents of files known; pieces that come but once are kept in a folder until all is done."""

    def __init__(self) -> None:
        """Begin with nothing; a folder is made when the first pieces come."""
        self._folder: TemporaryDirectory[str] | None = None
        self._spooled: dict[
            int, tuple[object, Held]
        ] = {}  # with the pieces' source, whose id is taken by no other then
        self._spooling = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Be ready; there is nothing to open."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Remove what was kept."""
        if self._folder is not None:
            await asyncio.to_thread(self._folder.cleanup)

    async def held(self, file: FeedbackFile) -> Held:
        """Return a file with its size and SHA-1.

        Raises OSError where its path cannot be read, ValueError where there is nothing in it.
        """
        if isinstance(file.content, bytes | Path):
            size, sha1 = await asyncio.to_thread(_known, file.content)
            found = Held(file.name, stored_name(file.name), file.content, size, sha1)
        else:
            async with self._spooling:
                known = self._spooled.get(id(file.content))
                spooled = known[1] if known else await self._spool(file)
            found = replace(spooled, given=file.name, name=stored_name(file.name))
        if not found.size:
            raise ValueError("there is nothing in it")
        return found

    async def _spool(self, file: FeedbackFile) -> Held:
        """Keep pieces that come but once, as every member of a team is given them."""
        assert not isinstance(file.content, bytes | Path)  # noqa: S101 - the caller has asked
        if self._folder is None:
            self._folder = await asyncio.to_thread(TemporaryDirectory, prefix="rpc_moodle-")
        path = Path(self._folder.name) / str(len(self._spooled))
        digest, size = new_digest(), 0
        with await asyncio.to_thread(path.open, "wb") as out:
            async for piece in file.content:
                digest.update(piece)
                size += len(piece)
                await asyncio.to_thread(out.write, piece)
        found = Held(file.name, stored_name(file.name), path, size, digest.hexdigest())
        self._spooled[id(file.content)] = file.content, found
        return found


def _known(content: bytes | Path) -> tuple[int, str]:
    digest = new_digest()
    if isinstance(content, bytes):
        digest.update(content)
        return len(content), digest.hexdigest()
    size = 0
    with content.open("rb") as source:
        while block := source.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return size, digest.hexdigest()
