"""Bringing files to a caller: what was wanted, what became of each, and how much one reply may hold."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import NotRequired

from typing_extensions import TypedDict

from rpc_moodle.downloads.links import FileAccess
from rpc_moodle.downloads.onlinetext import TextFile, open_text
from rpc_moodle.errors import translate
from rpc_moodle.moodle import Http, MoodleError
from rpc_moodle.moodle.files.remote import RemoteFile, open_file
from rpc_moodle.transport.gather import together
from utils.call import Call
from utils.errors import TOO_LARGE, RpcError

OTHER_WAYS = (
    "use stream: true, GET /files/{ticket} for each file, createSubmissionsArchive for a whole assignment, or "
    "several calls"
)


@dataclass(frozen=True)
class DownloadLimits:
    """How much one reply may hold, in files and bytes, and how many seconds a caller may take to acknowledge.

    ``streamed``: files in one stream.
    """

    files: int = 10
    streamed: int = 20_000
    bytes: int = 64 * 1024 * 1024
    patience: float = 30


class FileProblem(TypedDict):
    """Why a file could not be fetched; as the error of a call."""

    code: str
    message: str
    retryable: bool
    details: dict[str, object]


class FileReport(TypedDict):
    """What became of a file: ``size`` in bytes and ``sha1`` in hex, or ``error``.

    ``url`` is as asked, without a plain token; where a whole assignment was asked for, ``path`` is the file's place
    in the archive, and the ``url`` of an online text is empty. ``content`` is only in a detailed reply.
    """

    url: str
    path: NotRequired[str]
    filename: NotRequired[str]
    size: NotRequired[int]
    mimetype: NotRequired[str]
    sha1: NotRequired[str]
    content: NotRequired[bytes]
    error: NotRequired[FileProblem]


@dataclass(frozen=True)
class Wanted:
    """A file that a caller asked for: its URL without secrets, and what opens it, what it holds, or why nothing does.

    ``path`` is its place in a tree, where it has one.
    """

    url: str
    access: FileAccess | bytes | MoodleError | RpcError
    path: str = ""

    def open(self, http: Http, call: Call) -> AbstractAsyncContextManager[RemoteFile | TextFile]:
        """Open the file in a call's turn. Raises the error that stands in place of what opens it."""
        if isinstance(self.access, Exception):
            raise self.access
        if isinstance(self.access, bytes):
            return open_text(self.path.rpartition("/")[2], self.access)
        caller = call.caller.id if call.caller else None
        return open_file(http, self.access.url, self.access.token, owner=call, caller=caller)


def report(wanted: Wanted, file: RemoteFile | TextFile) -> FileReport:
    """Say what came; for a file whose last piece has come."""
    return {
        **_asked(wanted),
        "filename": file.name,
        "size": file.received,
        "mimetype": file.mimetype,
        "sha1": file.sha1 or "",
    }


def failed(wanted: Wanted, error: Exception) -> FileReport:
    """Say why nothing came. Raises what is neither an RpcError nor Moodle's doing."""
    known = error if isinstance(error, RpcError) else translate(error)
    if known is None:
        raise error
    problem: FileProblem = {
        "code": known.code.name,
        "message": known.message,
        "retryable": known.retryable,
        "details": known.details,
    }
    return {**_asked(wanted), "error": problem}


def _asked(wanted: Wanted) -> FileReport:
    return {"url": wanted.url, "path": wanted.path} if wanted.path else {"url": wanted.url}


def count(files: Sequence[object], limits: DownloadLimits, *, stream: bool) -> None:
    """Refuse more files than one reply, or one stream, may have; before any ticket is opened.

    Raises RpcError `too_large`.
    """
    if stream and len(files) > limits.streamed:
        raise RpcError(
            TOO_LARGE,
            f"{len(files)} files are asked for; one stream has at most {limits.streamed}: use several calls, or "
            "createSubmissionsArchive for a whole assignment.",
            details={"maxFiles": limits.streamed},
        )
    if not stream and len(files) > limits.files:
        raise _too_large(f"{len(files)} files are asked for", limits)


async def collect(http: Http, files: Sequence[Wanted], limits: DownloadLimits, call: Call) -> list[FileReport]:
    """Fetch files side by side into memory, each proven; a file that fails has an ``error`` and no ``content``.

    Raises RpcError `too_large` as soon as it is known that they are more than one reply may hold.
    """
    load = _Load(limits, call, len(files))
    reports: list[FileReport] = [_asked(wanted) for wanted in files]

    async def one(index: int, wanted: Wanted) -> None:
        try:
            async with wanted.open(http, call) as file:
                reports[index] = await load.take(wanted, file)
        except (MoodleError, RpcError) as error:
            if isinstance(error, RpcError) and error.code is TOO_LARGE:
                raise
            reports[index] = failed(wanted, error)
        await load.done()

    await together(one(index, wanted) for index, wanted in enumerate(files))
    return reports


class _Load:
    """What has come so far, over all files of a reply."""

    def __init__(self, limits: DownloadLimits, call: Call, total: int) -> None:
        self._limits = limits
        self._call = call
        self._total = total
        self._finished = 0
        self._bytes = 0
        self._expected = 0

    async def take(self, wanted: Wanted, file: RemoteFile | TextFile) -> FileReport:
        self._expect(file.head.size or 0)
        pieces: list[bytes] = []
        async for piece in file.pieces():
            pieces.append(piece)
            self._bytes += len(piece)
            self._expect(0 if file.head.size is not None else len(piece))
            await self._call.progress(self._finished, self._total, bytes=self._bytes)
        return {**report(wanted, file), "content": b"".join(pieces)}

    def _expect(self, size: int) -> None:
        self._expected += size
        if self._expected > self._limits.bytes:
            raise _too_large("The files asked for are larger together", self._limits)

    async def done(self) -> None:
        self._finished += 1
        await self._call.progress(self._finished, self._total, bytes=self._bytes)


def _too_large(what: str, limits: DownloadLimits) -> RpcError:
    return RpcError(
        TOO_LARGE,
        f"{what}; one reply holds at most {limits.files} files and {limits.bytes >> 20} MiB: {OTHER_WAYS}.",
        details={"maxFiles": limits.files, "maxBytes": limits.bytes},
    )
