"""Files as feedback: what a user's files are to be, and whether they are; decided without I/O."""

import re
from collections.abc import AsyncIterable, Collection, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath
from unicodedata import normalize

from rpc_moodle.moodle.grades import Status
from rpc_moodle.moodle.models import Plugin

MAX_FILES = 50
"""Files for one user in one publication."""

MAX_NAME = 255
"""Characters of a name, as Moodle's table of files has them."""

MAX_THERE = 500
"""Files that a user may have been given: more are not looked at, and count as such that cannot be read."""

_LONGEST = 2 * MAX_NAME
"""Characters of a name or a path that is looked at."""

_UNFIT = re.compile("[\x00-\x1f\x7f-\x9f&<>\"`|':\\\\/]")
"""What Moodle takes out of a name without a word (``clean_param`` of its public source; seen on Moodle 4.5)."""


@dataclass(frozen=True, slots=True)
class FeedbackFile:
    """A file to give as feedback: its ``name``, and its ``content`` as bytes, a path, or pieces as they come."""

    name: str
    content: bytes | Path | AsyncIterable[bytes]


@dataclass(frozen=True, slots=True)
class Held:
    """A file whose content is known: ``name`` as Moodle will store it, ``size`` in bytes, ``sha1`` in hex."""

    given: str
    name: str
    content: bytes | Path
    size: int
    sha1: str


@dataclass(frozen=True, slots=True)
class There:
    """A file that a user has been given: ``path`` is folder and name, ``/essay.pdf``; ``size`` in bytes."""

    path: str
    size: int
    url: str

    @property
    def folder(self) -> str:
        """Its folder, with a slash at both ends."""
        return self.path[: self.path.rindex("/") + 1]

    @property
    def name(self) -> str:
        """Its name without the folder."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a file of the caller's is, or is to be."""

    path: str
    held: Held

    @property
    def name(self) -> str:
        """Its name, without the folder."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What a user's files are to be.

    ``kept`` are there and stay, ``removed`` are there and go, ``unchanged`` are the caller's and there already,
    ``added`` the caller's that are not.
    """

    kept: tuple[There, ...] = ()
    removed: tuple[There, ...] = ()
    unchanged: tuple[Placed, ...] = ()
    added: tuple[Placed, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether anything has to be written."""
        return bool(self.added or self.removed)

    @property
    def as_it_is(self) -> "Arrangement":
        """The same where what was to be added is there already."""
        return replace(self, unchanged=(*self.unchanged, *self.added), added=())

    @property
    def paths(self) -> list[str]:
        """The paths of all files that are to be there."""
        return sorted([*(each.path for each in self.kept), *(each.path for each in (*self.unchanged, *self.added))])

    @property
    def largest(self) -> int:
        """The bytes of the largest of them."""
        sizes = [each.size for each in self.kept]
        return max([*sizes, *(each.held.size for each in (*self.unchanged, *self.added))], default=0)


def stored_name(name: str) -> str:
    """Return the name under which a file is stored: composed letters, and without what Moodle takes out."""
    return _UNFIT.sub("", normalize("NFC", name))


def fault_of(files: Sequence[FeedbackFile]) -> str | None:
    """Say what is wrong with the files of one user, whatever is stored; None if nothing is."""
    if len(files) > MAX_FILES:
        return f"{len(files)} files are too many: {MAX_FILES} at most for one user."
    names: set[str] = set()
    for number, file in enumerate(files):
        problem = _fault(file)
        name = stored_name(file.name) if problem is None else ""
        if problem is None and name in names:
            problem = "filename is that of another file of this user; number them"
        if problem is not None:
            return f"files.{number}.{problem}."
        names.add(name)
    return None


def _fault(file: FeedbackFile) -> str | None:
    if not file.name.strip():
        return "filename is empty"
    if "/" in file.name or "\\" in file.name:
        return "filename has a folder in it; pass the name alone"
    # To compose takes the square of a text of wild accents.
    if len(file.name) > _LONGEST or len(stored_name(file.name)) > MAX_NAME:
        return f"filename has more than {MAX_NAME} characters"
    if stored_name(file.name) in {"", ".", ".."}:
        return "filename has nothing in it that Moodle would keep"
    if file.content == b"":
        return "content is empty"
    return None


def listed(seen: Status, attempt: int, *, held_back: bool) -> tuple[There, ...] | None:
    """Return the files that a status lists for an attempt; None where it says nothing of them.

    ``held_back``: marking has a workflow that has not released the newest attempt's feedback, which is then left out;
    that of earlier ones is not (seen on Moodle 4.5). Files hang on a grade's row, so that there are none without one.
    """
    last = seen.get("lastattempt", {})
    newest = (last.get("teamsubmission") or last.get("submission") or {}).get("attemptnumber") or 0
    if attempt == newest:
        return None if held_back else _readable(seen.get("feedback", {}).get("plugins", []))
    for each in seen.get("previousattempts", []):
        if (each.get("attemptnumber") or 0) == attempt:
            return _readable(each.get("feedbackplugins", []))
    return None


def _readable(plugins: Iterable[Plugin]) -> tuple[There, ...] | None:
    found = tuple(islice(_files(plugins), MAX_THERE + 1))
    return None if len(found) > MAX_THERE or any(len(file.path) > _LONGEST for file in found) else found


def _files(plugins: Iterable[Plugin]) -> Iterator[There]:
    for plugin in plugins:
        for area in plugin.fileareas if plugin.type == "file" else ():
            for file in area.files if area.area == "feedback_files" else ():
                yield There(f"{file.filepath or '/'}{file.filename}", file.filesize, file.fileurl)


def address(seen: Status, row: int) -> str | None:
    """Return the address below which feedback files are, listed or not; None where nothing tells it.

    A workflow holds the list back, not the files (seen on Moodle 4.5). The number of the assignment's context stands
    in the addresses of what was handed in, ``row`` is that of the grade.
    """
    last = seen.get("lastattempt", {})
    for submission in (last.get("submission"), last.get("teamsubmission")):
        for plugin in (submission or {}).get("plugins", []):
            for area in plugin.fileareas:
                for file in area.files:
                    found = re.match(r"(.*/pluginfile\.php/\d+)/assignsubmission_", file.fileurl)
                    if found:
                        return f"{found[1]}/assignfeedback_file/feedback_files/{row}"
    return None


def candidates(wanted: Sequence[Held], there: Iterable[There]) -> list[tuple[There, Held]]:
    """Return which of the files that are there may be the caller's: of the same name, or that with a number."""
    named = [(file, normalize("NFC", file.name)) for file in there if file.folder == "/"]
    found: list[tuple[There, Held]] = []
    for held in wanted:
        stem, suffix = _split(held.name)
        start, end = f"{stem} (", f"){suffix}"
        found += [
            (file, held)
            for file, name in named
            if file.size == held.size and (name == held.name or _is_numbered(name, start, end))
        ]
    return found


def _is_numbered(name: str, start: str, end: str) -> bool:
    return name.startswith(start) and name.endswith(end) and name[len(start) : -len(end)].isdecimal()


def arranged(
    wanted: Sequence[Held], there: Sequence[There], same: AbstractSet[tuple[str, str]], *, replace: bool
) -> Arrangement:
    """Decide what a user's files are to be.

    ``same`` are the files that were seen to be the caller's: their path and SHA-1. What is there stays, and a name that
    is taken by another file gets a number, so that the same again finds its own file. With ``replace`` the files are
    the caller's alone, under their own names.
    """
    unchanged: dict[str, Held] = {}
    missing: list[Held] = []
    composed = [normalize("NFC", file.path) for file in there]
    near = [] if replace else candidates(wanted, there)
    for held in wanted:
        exact = [file.path for file, path in zip(there, composed, strict=True) if path == f"/{held.name}"]
        others = [file.path for file, one in near if one is held]
        found = next((path for path in (*exact, *others) if (path, held.sha1) in same and path not in unchanged), None)
        if found is None:
            missing.append(held)
        else:
            unchanged[found] = held
    rest = tuple(file for file in there if file.path not in unchanged)
    taken = set() if replace else set(composed)
    added: list[Placed] = []
    for held in missing:
        path = f"/{_free(held.name, taken)}"
        taken.add(path)
        added.append(Placed(path, held))
    return Arrangement(
        kept=() if replace else rest,
        removed=rest if replace else (),
        unchanged=tuple(Placed(path, held) for path, held in unchanged.items()),
        added=tuple(added),
    )


def _free(name: str, taken: Collection[str]) -> str:
    stem, suffix = _split(name)
    number, free = 1, name
    while f"/{free}" in taken:
        number += 1
        tail = f" ({number}){suffix}"
        free = f"{stem[: MAX_NAME - len(tail)]}{tail}"
    return free


def _split(name: str) -> tuple[str, str]:
    suffix = PurePosixPath(name).suffix
    return name.removesuffix(suffix), suffix


def gone(expected: Mapping[str, int], there: Iterable[There]) -> list[str]:
    """Return which of the paths that are to be there are not, or hold another number of bytes."""
    sizes = {file.path: file.size for file in there}
    return [path for path, size in expected.items() if sizes.get(path) != size]
