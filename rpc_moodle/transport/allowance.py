"""What one call may take out of a site: answers have no end unless somebody sets one."""

from dataclasses import dataclass

from rpc_moodle.transport.errors import AnswerTooLarge

_OBJECTS_PER_ROW = 4
"""JSON objects that a row has at the most, on the average of an answer as long as it may be."""

_OBJECT_BYTES = 3
"""Bytes of the shortest object, with the comma after it."""

_FILE = b'"fileurl"'
"""What each file of an answer has."""


@dataclass(frozen=True)
class AnswerLimits:
    """The most that an answer, or all pages of a listing together, may have; ``files`` are those in a listing."""

    bytes: int = 16 * 1024 * 1024
    rows: int = 50_000
    pages: int = 200
    files: int = 20_000


class Allowance:
    """What is left of the limits for one listing; every method raises AnswerTooLarge when nothing is."""

    def __init__(self, limits: AnswerLimits) -> None:
        """Begin with all of it."""
        self._limits = limits
        self._bytes = 0
        self._rows = 0
        self._pages = 0

    @property
    def bytes_left(self) -> int:
        """How many bytes the next answer may have."""
        return max(0, self._limits.bytes - self._bytes)

    def take_body(self, body: bytes) -> None:
        """Count an answer before it is read, which takes many times its bytes: them, and what it could hold."""
        self.take_bytes(len(body))
        objects = self._limits.rows * _OBJECTS_PER_ROW
        # To count takes as long as a tenth of the reading, and a shorter answer cannot have so many.
        if len(body) > objects * _OBJECT_BYTES and body.count(b"{") > objects:
            raise too_large(f"{self._limits.rows:,} rows")
        if len(body) > self._limits.files * len(_FILE):
            self.take_files(body.count(_FILE))

    def take_bytes(self, count: int) -> None:
        """Count bytes."""
        self._bytes += count
        if self._bytes > self._limits.bytes:
            raise too_large(f"{self._limits.bytes:,} bytes")

    def take_page(self, rows: int) -> None:
        """Count a page with so many rows."""
        self._pages += 1
        if self._pages > self._limits.pages:
            raise too_large(f"{self._limits.pages:,} pages")
        self.take_rows(rows)

    def take_rows(self, rows: int) -> None:
        """Count rows."""
        self._rows += rows
        if self._rows > self._limits.rows:
            raise too_large(f"{self._limits.rows:,} rows")

    def take_files(self, files: int) -> None:
        """Count all files of a listing."""
        if files > self._limits.files:
            raise too_large(f"{self._limits.files:,} files")


def too_large(limit: str) -> AnswerTooLarge:
    """Return the error for an answer beyond a limit."""
    return AnswerTooLarge(
        f"The site's answer has more than {limit}, which is all that the service takes for one call; it was dropped."
    )
