"""Writing a ZIP as a stream: what is put in comes out at once, and nothing is kept but the list of names.

The standard library's zipfile writes to anything that has ``write``, in pieces that the caller pushes, which is what
an event loop wants; libraries that stream ZIPs pull from their sources, or keep a stored member in memory.
"""

import asyncio
import re
import zipfile
from datetime import UTC, datetime
from pathlib import PurePosixPath

_EARLIEST, _LATEST = datetime(1980, 1, 1, tzinfo=UTC), datetime(2107, 12, 31, tzinfo=UTC)  # what a ZIP can say
_TEXTUAL = re.compile(r"text/.*|application/(?:json|xml|javascript|x-sh|x-tex|rtf|sql|.*\+xml|.*\+json)|image/svg.*")
_TEXTUAL_SUFFIX = re.compile(
    r"\.(?:bmp|c|cpp|cs|css|csv|dart|go|h|hpp|html?|ipynb|java|js|json|kt|log|m|md|php|pl|ps|py|r|rb|rs|rtf|sh|sql|svg"
    r"|tex|tiff?|tsx?|tsv|txt|wav|xml|ya?ml)",
    re.IGNORECASE,
)


class ZipStream:
    """A ZIP in the making: UTF-8 names, zip64 where sizes need it or are not known.

    ``begin``, ``write`` and ``end`` a member after the other, then ``close``; ``take`` gives what has been written.
    """

    def __init__(self) -> None:
        """Begin with nothing written."""
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w")
        self._member: zipfile.ZipInfo | None = None

    def begin(self, path: str, *, size: int | None, modified: int = 0, mimetype: str = "") -> None:
        """Begin a member; ``modified`` in Unix seconds. What is compressed already is stored, the rest deflated."""
        member = zipfile.ZipInfo(path, _date(modified))
        member.compress_type = zipfile.ZIP_DEFLATED if compressible(path, mimetype) else zipfile.ZIP_STORED
        member.file_size = size or 0
        self._out = self._zip.open(member, "w", force_zip64=size is None)
        self._member = member

    async def write(self, piece: bytes) -> None:
        """Put bytes into the member; deflating, the one thing here that takes time, leaves the event loop alone."""
        if self._member is not None and self._member.compress_type == zipfile.ZIP_DEFLATED:
            await asyncio.to_thread(self._out.write, piece)
        else:
            self._out.write(piece)

    def end(self, *, keep: bool = True) -> None:
        """End the member; one that is not kept stands in no directory, so no reader shows its bytes."""
        self._out.close()
        if not keep and self._member is not None:
            self._zip.filelist.pop()  # to look for it would take as long as there are members
            del self._zip.NameToInfo[self._member.filename]
        self._member = None

    def close(self, comment: str = "") -> None:
        """Write the directory, with a comment that readers show."""
        self._zip.comment = comment.encode()
        self._zip.close()

    def abandon(self) -> None:
        """Give up in whatever state it is; nothing to do after ``close``."""
        if self._member is not None:
            self.end(keep=False)
        self._zip.close()

    def take(self) -> bytes:
        """Give what has been written since the last time."""
        return self._sink.take()


class _Sink:
    """Where zipfile writes to; it cannot be sought, so sizes follow each member."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is to be closed."""

    def take(self) -> bytes:
        taken, self._written = b"".join(self._written), []
        return taken


def compressible(path: str, mimetype: str) -> bool:
    """Tell whether deflating a file is worth the time, by its type and its name."""
    kind = mimetype.partition(";")[0].strip().lower()
    return bool(_TEXTUAL.fullmatch(kind)) or bool(_TEXTUAL_SUFFIX.fullmatch(PurePosixPath(path).suffix))


def _date(seconds: int) -> tuple[int, int, int, int, int, int]:
    try:
        moment = min(max(datetime.fromtimestamp(seconds, UTC), _EARLIEST), _LATEST)
    except (ValueError, OverflowError, OSError):
        moment = _EARLIEST
    return moment.year, moment.month, moment.day, moment.hour, moment.minute, moment.second
