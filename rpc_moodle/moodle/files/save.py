"""Saving a file to disk: into a ``.part`` that a later run resumes, renamed when proven."""

import asyncio
import os
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.files.remote import Prefix, RemoteFile, open_file
from rpc_moodle.moodle.files.wire import etag_of
from rpc_moodle.transport.http import Http

_BLOCK = 1024 * 1024  # bytes per visit to the disk

Progress = Callable[[int, int | None], None]
"""Is told how many bytes are there, and how many it will be (None where the site does not say)."""


@dataclass(frozen=True)
class Saved:
    """A file on disk, proven; ``changed`` is False when it was there already. ``sha1`` in hex, ``size`` in bytes."""

    path: Path
    size: int
    sha1: str
    changed: bool


async def save(  # noqa: PLR0913 - what a file, its place and its reporting are made of
    http: Http,
    url: URL,
    token: SecretStr,
    destination: Path,
    *,
    owner: Hashable = None,
    caller: Hashable = None,
    progress: Progress | None = None,
) -> Saved:
    """Fetch a file into ``destination``, unless it is there unchanged; ``url`` is as ``file_url`` gives it.

    What has come stands in ``<destination>.part`` until all is proven. A later run asks for the rest only: that
    both parts are of one file shows in the SHA-1 of the whole, and where it does not, all is fetched anew.

    Raises any MoodleError, and OSError for what the disk refuses.
    """
    part = destination.with_name(f"{destination.name}.part")
    there = await asyncio.to_thread(_read, destination)
    begun = await asyncio.to_thread(_read, part)
    known = there or begun
    etag = etag_of(known.digest.hexdigest()) if known else None
    try:
        async with open_file(http, url, token, owner=owner, caller=caller, prefix=begun, if_none_match=etag) as file:
            if file.head.unchanged and known:
                if not there:  # all of it had come when the last run ended
                    await asyncio.to_thread(part.replace, destination)
                await asyncio.to_thread(part.unlink, missing_ok=True)
                return Saved(destination, known.size, known.digest.hexdigest(), changed=not there)
            return await _write(file, part, destination, progress)
    except errors.Unproven:
        await asyncio.to_thread(part.unlink, missing_ok=True)
        if not begun:
            raise
    async with open_file(http, url, token, owner=owner, caller=caller) as file:
        return await _write(file, part, destination, progress)


async def _write(file: RemoteFile, part: Path, destination: Path, progress: Progress | None) -> Saved:
    size = file.head.start
    waiting: list[bytes] = []
    weight = 0
    with await asyncio.to_thread(part.open, "ab" if size else "wb") as out:
        try:
            async for piece in file.pieces():
                waiting.append(piece)
                weight += len(piece)
                size += len(piece)
                if weight >= _BLOCK:
                    block, waiting, weight = b"".join(waiting), [], 0
                    await asyncio.to_thread(out.write, block)
                if progress:
                    progress(size, file.head.size)
        finally:
            out.write(b"".join(waiting))  # also when cancelled: what has come need not come again
        await asyncio.to_thread(_flush, out.fileno(), out.flush)
    await asyncio.to_thread(part.replace, destination)
    return Saved(destination, size, file.sha1 or "", changed=True)


def _flush(descriptor: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(descriptor)


def _read(path: Path) -> Prefix | None:
    """Take the size and the SHA-1 of a file on disk; None where there is none."""
    prefix = Prefix()
    try:
        with path.open("rb") as content:
            while block := content.read(_BLOCK):
                prefix.digest.update(block)
                prefix.size += len(block)
    except FileNotFoundError:
        return None
    return prefix
