"""File names that every file system takes, from names that people and Moodle chose."""

import re
import unicodedata
from itertools import islice

MAX_BYTES = 200
"""UTF-8 bytes of one name; file systems take 255, and a number or ``.part`` may follow."""

_UNSAFE = re.compile(r'[<>:"/\\|?*]')
# Device names of Windows, with any extension; its documentation lists the superscript digits too.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_MAX_EXTENSION = 20
_MAX_CHARACTERS = 300  # of a name that is looked at, as composing takes the square of a text of wild accents
_DEEPEST = 30  # folders of a path; Moodle keeps 255 characters of it
_MARK_BYTES = 9  # of the longest number that is put behind a name, in its parentheses


def safe_name(name: str) -> str:
    """Make one path component of any text: never empty, no separator, no ``.`` or ``..``, at most MAX_BYTES long.

    Unicode stays as it is, in composed form; characters that are invisible, or unsafe on some file system, become
    ``_``. A long name keeps its extension.
    """
    if len(name) > _MAX_CHARACTERS:
        stem, extension = split(name)
        name = stem[: _MAX_CHARACTERS - len(extension)] + extension
    text = unicodedata.normalize("NFC", name)
    text = "".join("_" if unicodedata.category(each) in {"Cc", "Cf", "Cs", "Zl", "Zp"} else each for each in text)
    text = _UNSAFE.sub("_", text).strip(" ").rstrip(". ")  # Windows drops dots and spaces at the end
    if _DEVICE.fullmatch(text):
        text = f"_{text}"
    return shortened(text, MAX_BYTES) or "_"


def shortened(name: str, size: int) -> str:
    """Cut a name to ``size`` UTF-8 bytes between two characters, its extension kept."""
    if len(name.encode()) <= size:
        return name
    stem, extension = split(name)
    kept = stem.encode()[: size - len(extension.encode())].decode(errors="ignore")
    return kept.rstrip(". ") + extension


def split(name: str) -> tuple[str, str]:
    """Split a name before its extension: ``("essay", ".pdf")``; what is too long to be one is none."""
    stem, dot, extension = name.rpartition(".")
    if not stem or len(extension.encode()) > _MAX_EXTENSION:
        return name, ""
    return stem, dot + extension


class Names:
    """Gives every file of a tree a path that no other has, on file systems that fold case or compose Unicode too."""

    def __init__(self, beside: str = "") -> None:
        """Begin with an empty tree; ``beside`` is a suffix such as ``.part`` under which each name stays free too."""
        self._suffixes = {"", beside}
        self._taken: set[tuple[int, str]] = set()
        self._folders: dict[tuple[int, str], tuple[int, str]] = {}  # each has a number; 0 is the top of the tree
        self._next: dict[tuple[int, str], int] = {}

    def place(self, folders: list[str], name: str) -> str:
        """Give a relative path with ``/`` for a file, safe in each part; equal names in a folder are numbered.

        The same folders mean the same place each time; an empty one is left out, and what lies deeper than thirty of
        them lies in the last.
        """
        at, path = 0, []
        for folder in islice(filter(None, folders), _DEEPEST):
            at, known = self._folder(at, folder)
            path.append(known)
        return "/".join([*path, self._free(at, safe_name(name))])

    def _folder(self, at: int, folder: str) -> tuple[int, str]:
        known = self._folders.get((at, folder))
        if known is None:
            known = self._folders[at, folder] = len(self._folders) + 1, self._free(at, safe_name(folder))
        return known

    def _free(self, at: int, name: str) -> str:
        free = name
        if not self._taken.isdisjoint(self._places(at, name)):
            stem, extension = split(name)
            stem = shortened(stem, MAX_BYTES - _MARK_BYTES - len(extension.encode()))
            alike = at, _folded(stem + extension)  # names that are cut to the same are numbered on
            while not self._taken.isdisjoint(self._places(at, free)):
                number = self._next[alike] = self._next.get(alike, 1) + 1
                free = f"{stem} ({number}){extension}"
        self._taken.update(self._places(at, free))
        return free

    def _places(self, at: int, name: str) -> set[tuple[int, str]]:
        return {(at, _folded(name + suffix)) for suffix in self._suffixes}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())
