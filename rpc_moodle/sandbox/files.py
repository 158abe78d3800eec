"""Stored files: bytes or a recipe for any number of them, with the SHA-1 that Moodle uses as ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

CHUNK: Final = 256 * 1024
"""Bytes per piece when a file is hashed or sent."""

_TYPES: Final = {
    ".bin": ("application/octet-stream", "f/unknown"),
    ".csv": ("text/csv", "f/spreadsheet"),
    ".docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "f/document"),
    ".html": ("text/html", "f/html"),
    ".json": ("application/json", "f/text"),
    ".pdf": ("application/pdf", "f/pdf"),
    ".txt": ("text/plain", "f/text"),
    ".zip": ("application/zip", "f/archive"),
}


@dataclass(frozen=True)
class Repeated:
    """``size`` bytes made by repeating ``pattern``: gigabytes without memory."""

    pattern: bytes
    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self.size)
        offset = start % len(self.pattern)
        length = max(0, stop - start)
        times = (offset + length) // len(self.pattern) + 1
        return (self.pattern * times)[offset : offset + length]


@dataclass
class StoredFile:
    """A file in a submission; ``filepath`` begins and ends with a slash, times are Unix seconds."""

    filename: str
    content: bytes | Repeated
    filepath: str = "/"
    timemodified: int = 0
    mimetype: str = ""
    icon: str = ""

    def __post_init__(self) -> None:
        mimetype, icon = _TYPES.get(PurePosixPath(self.filename).suffix.lower(), _TYPES[".bin"])
        self.mimetype = self.mimetype or mimetype
        self.icon = self.icon or icon

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return len(self.content)

    @cached_property
    def sha1(self) -> str:
        """SHA-1 of the content in hex, computed once, piece by piece."""
        digest = hashlib.sha1(usedforsecurity=False)
        for piece in self.pieces(0, self.size):
            digest.update(piece)
        return digest.hexdigest()

    @property
    def content_type(self) -> str:
        """What pluginfile.php announces (``file.names.*``)."""
        return {"text/plain": "text/plain; charset=utf-8", "text/csv": "text/csv;charset=UTF-8"}.get(
            self.mimetype, self.mimetype
        )

    @property
    def ranges(self) -> bool:
        """Whether parts of it can be asked for: not of text/plain (``file.names.4``)."""
        return self.mimetype != "text/plain"

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        """Give the bytes from ``start`` up to ``stop`` in pieces of at most ``CHUNK``."""
        for at in range(start, stop, CHUNK):
            yield self.content[at : min(at + CHUNK, stop)]

    def url_path(self, context_id: int, submission_id: int) -> str:
        """Give the path below ``webservice/pluginfile.php``, encoded as Moodle encodes it (``file.names.*``)."""
        return self.path_in(context_id, ("assignsubmission_file", "submission_files"), submission_id)

    def path_in(self, context_id: int, area: tuple[str, str], item_id: int) -> str:
        """Give the same for a file of any plugin and area."""
        return f"/{context_id}/{'/'.join(area)}/{item_id}{self._encoded}"

    def intro_path(self, context_id: int) -> str:
        """Give the same for a file of an assignment's introduction (``dated.locked_status``)."""
        return f"/{context_id}/mod_assign/introattachment/0{self._encoded}"

    @property
    def _encoded(self) -> str:
        return quote(f"{self.filepath}{self.filename}", safe="/-_.~")
