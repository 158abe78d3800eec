"""File names that every file system takes, from names that people and Moodle chose."""

import re
import unicodedata

MAX_BYTES = 200
"""UTF-8 bytes of one name; file systems take 255, and a number or ``.part`` may follow."""

_UNSAFE = re.compile(r'[<>:"/\\|?*]')
# Device names of Windows, with any extension; its documentation lists the superscript digits too.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)
_MAX_EXTENSION = 20


def safe_name(name: str) -> str:
    """Make one path component of any text: never empty, no separator, no ``.`` or ``..``, at most MAX_BYTES long.

    Unicode stays as it is, in composed form; characters that are invisible, or unsafe on some file system, become
    ``_``. A long name keeps its extension.
    """
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
        self._taken: set[tuple[str, str]] = set()
        self._folders: dict[tuple[str, str], str] = {}
        self._next: dict[tuple[str, str], int] = {}

    def place(self, folders: list[str], name: str) -> str:
        """Give a relative path with ``/`` for a file, safe in each part; equal names in a folder are numbered.

        The same folders mean the same place each time; an empty one is left out.
        """
        path = ""
        for folder in folders:
            if folder:
                path = self._folder(path, folder)
        return path + self._free(path, safe_name(name))

    def _folder(self, path: str, folder: str) -> str:
        known = self._folders.get((path, folder))
        if known is None:
            known = self._folders[path, folder] = self._free(path, safe_name(folder))
        return f"{path}{known}/"

    def _free(self, path: str, name: str) -> str:
        free = name
        while not self._taken.isdisjoint(self._places(path, free)):
            number = self._next.get((path, _folded(name)), 2)
            self._next[path, _folded(name)] = number + 1
            stem, extension = split(name)
            mark = f" ({number}){extension}"
            free = shortened(stem, MAX_BYTES - len(mark.encode())) + mark
        self._taken.update(self._places(path, free))
        return free

    def _places(self, path: str, name: str) -> set[tuple[str, str]]:
        return {(path, _folded(name + suffix)) for suffix in self._suffixes}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFKC", name.casefold())
