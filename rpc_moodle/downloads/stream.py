"""Streaming files over a caller's own socket: a few pieces at a time, each acknowledged."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from functools import partial

from typing_extensions import TypedDict

from rpc_moodle.downloads.onlinetext import TextFile
from rpc_moodle.downloads.reply import FileProblem, FileReport, Wanted, failed, report
from rpc_moodle.moodle import Http, MoodleError
from rpc_moodle.moodle.files.ahead import in_order
from rpc_moodle.moodle.files.remote import RemoteFile
from utils.call import Call, Caller
from utils.errors import TIMEOUT, RpcError

CHUNK = 256 * 1024
"""Bytes of a piece, but for the last of a file: small beside the message limits of clients, 1 MB at the least."""

UNACKNOWLEDGED = 4
"""Pieces that may be on their way at a time; no more are held in memory, whatever the size of the files."""


class FileEvent(TypedDict, total=False):
    """A ``file`` event; ``size`` is the whole file's in bytes, or None; ``error`` says that its pieces are void.

    ``path`` is the file's place in the archive, where a whole assignment was asked for.
    """

    streamId: str
    index: int
    filename: str
    path: str
    size: int | None
    mimetype: str
    seq: int
    last: bool
    chunk: bytes
    error: FileProblem


async def stream(  # noqa: PLR0913 - from where, what, to whom, and how long to wait
    http: Http, files: Sequence[Wanted], caller: Caller, call: Call, *, stream_id: str, patience: float
) -> list[FileReport]:
    """Send files one after the other as ``file`` events; give what became of each.

    While the caller does not acknowledge, nothing more is read from Moodle. A piece with ``last`` has been proven
    together with all before it; a file that fails ends with a piece that has an ``error``.

    Raises RpcError `timeout` when the caller acknowledges nothing for ``patience`` seconds, or has gone.
    """
    window = asyncio.Semaphore(UNACKNOWLEDGED)

    async def send(event: FileEvent) -> None:
        try:
            await caller.ask("file", event, patience)
        finally:
            window.release()

    reports: list[FileReport] = []
    sent = 0
    try:
        async with asyncio.TaskGroup() as unacknowledged, aclosing(_events(http, files, call, reports)) as events:
            async for event in events:
                await window.acquire()
                unacknowledged.create_task(send({"streamId": stream_id, **event}))
                sent += len(event["chunk"])
                await call.progress(len(reports), len(files), bytes=sent)
    except ExceptionGroup as problems:
        gone = problems.subgroup(TimeoutError)
        if gone is None:
            raise
        raise RpcError(
            TIMEOUT,
            f"The caller acknowledged no file event within {patience:g} seconds, or has gone; the stream has ended.",
            details={"done": len(reports), "total": len(files), "bytes": sent},
        ) from None
    return reports


async def _events(
    http: Http, files: Sequence[Wanted], call: Call, reports: list[FileReport]
) -> AsyncGenerator[FileEvent, None]:
    openers = (partial(wanted.open, http, call) for wanted in files)
    async with aclosing(in_order(openers, expected=(MoodleError, RpcError))) as opened:
        index = 0
        async for file in opened:
            async for event in _file(files[index], file, reports):
                yield {"index": index, **event}
            index += 1


async def _file(
    wanted: Wanted, file: RemoteFile | TextFile | Exception, reports: list[FileReport]
) -> AsyncIterator[FileEvent]:
    about: FileEvent = {"filename": "", "size": None, "mimetype": "", "seq": 0, "last": False}
    if wanted.path:
        about["path"] = wanted.path
    try:
        if isinstance(file, Exception):
            raise file
        about |= {"filename": file.name, "size": file.head.size, "mimetype": file.mimetype}
        held = b""
        async for chunk in chunked(file.pieces(), CHUNK):
            if held:
                yield {**about, "chunk": held}
                about["seq"] += 1
            held = chunk
        reports.append(report(wanted, file))
        yield {**about, "last": True, "chunk": held}
    except (MoodleError, RpcError) as error:
        reports.append(failed(wanted, error))
        yield {**about, "last": True, "chunk": b"", "error": reports[-1]["error"]}


async def chunked(pieces: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    """Cut pieces anew into chunks of ``size`` bytes; the last one has the rest."""
    waiting: list[bytes] = []
    weight = 0
    async for piece in pieces:
        waiting.append(piece)
        weight += len(piece)
        if weight < size:
            continue
        block = b"".join(waiting)
        cut = weight - weight % size
        for start in range(0, cut, size):
            yield block[start : start + size]
        waiting, weight = [block[cut:]], weight - cut
    if weight:
        yield b"".join(waiting)
