"""Uploading: a multipart body of files that are read while it is sent."""

import asyncio
import secrets
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from rpc_moodle.moodle.wire import opened

_PIECE = 256 * 1024  # bytes per visit to the disk


@dataclass(frozen=True)
class Upload:
    """A file on its way to Moodle: its ``name`` there, and its ``content`` as bytes, a path, or pieces as they come.

    ``size`` in bytes is needed for pieces; those that are more or fewer end the request.
    """

    name: str
    content: bytes | Path | AsyncIterable[bytes]
    size: int | None = None
    mimetype: str = "application/octet-stream"


def multipart(
    fields: Mapping[str, str | SecretStr], files: Sequence[Upload]
) -> tuple[dict[str, str], AsyncIterator[bytes]]:
    """Return the headers of a form with files and its pieces; the length is said beforehand, as PHP likes it.

    Raises OSError for a path that cannot be read, ValueError for pieces of unknown size.
    """
    boundary = secrets.token_hex(16)
    sizes = [_size(file) for file in files]
    heads = [_head(boundary, f"file_{number}", file) for number, file in enumerate(files)]
    start = "".join(
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{opened(value)}\r\n'
        for name, value in fields.items()
    ).encode()
    end = f"--{boundary}--\r\n".encode()
    length = len(start) + sum(map(len, heads)) + sum(sizes) + 2 * len(files) + len(end)

    async def pieces() -> AsyncIterator[bytes]:
        yield start
        for head, file, size in zip(heads, files, sizes, strict=True):
            yield head
            left = size
            async for piece in _pieces(file.content):
                left -= len(piece)
                if left < 0:
                    break
                yield piece
            if left:
                raise OSError(f"{file.name} has changed its size while it was being sent")
            yield b"\r\n"
        yield end

    return {"Content-Type": f"multipart/form-data; boundary={boundary}", "Content-Length": str(length)}, pieces()


def _size(file: Upload) -> int:
    if isinstance(file.content, bytes):
        return len(file.content)
    if file.size is not None:
        return file.size
    if isinstance(file.content, Path):
        return file.content.stat().st_size
    raise ValueError("the size of pieces that come one by one has to be given")


def _head(boundary: str, field: str, file: Upload) -> bytes:
    # As browsers write it: a quote or a line break would end the name.
    name = file.name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
    kind = "".join(each for each in file.mimetype if each.isprintable())
    return (
        f'--{boundary}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n'
        f"Content-Type: {kind}\r\n\r\n"
    ).encode("utf-8", "replace")


async def _pieces(content: bytes | Path | AsyncIterable[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]
    elif isinstance(content, Path):
        with await asyncio.to_thread(content.open, "rb") as source:
            while piece := await asyncio.to_thread(source.read, _PIECE):
                yield piece
    else:
        async for piece in content:
            yield piece
