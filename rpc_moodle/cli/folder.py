"""A folder of feedback files: whose each is, told by its name or its folder's."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from unicodedata import normalize

from rpc_moodle.downloads.names import safe_name
from rpc_moodle.downloads.tree import folder_of

_JUNK = frozenset({"thumbs.db", "desktop.ini", "__macosx"})
"""What Windows and macOS leave behind in folders and archives; what begins with a dot or ``~$`` is theirs, too."""

_MOODLE = re.compile(r"(?P<name>.*)_(?P<number>\d+)_assign(?:submission|feedback)_[a-z]+(?:_(?P<file>.*))?", re.DOTALL)
"""How Moodle names folders and files of "Download all submissions" (``classes/downloader.php`` of its source)."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What stands in the folder for one user: ``label`` as it is shown there, ``who`` the user's id, name or e-mail.

    ``number`` is the one in a name that Moodle gave: of the participant, or of the group where groups hand in.
    ``files`` are names and paths.
    """

    label: str
    who: str
    number: int | None
    files: tuple[tuple[str, Path], ...]


def read_folder(folder: Path) -> list[Labelled]:
    """Return what stands in a folder, sorted by name; files of a user's folder come without its own folders.

    Raises OSError.
    """
    return [_labelled(entry) for entry in sorted(folder.iterdir()) if not _is_junk(entry)]


def _is_junk(path: Path) -> bool:
    return path.name.startswith((".", "~$")) or path.name.casefold() in _JUNK


def _labelled(entry: Path) -> Labelled:
    name = normalize("NFC", entry.name)  # macOS writes letters with their accents apart
    given = _MOODLE.fullmatch(name)
    number = int(given["number"]) if given else None
    if entry.is_dir():
        return Labelled(name, name, number, tuple((each.name, each) for each in _below(entry)))
    if given:
        return Labelled(name, name, number, ((given["file"] or name, entry),))
    return Labelled(name, normalize("NFC", entry.stem), None, ((name, entry),))


def _below(folder: Path) -> Iterator[Path]:
    for entry in sorted(folder.iterdir()):
        if _is_junk(entry):
            continue
        if entry.is_dir():
            yield from _below(entry)
        else:
            yield entry


Given = dict[object, list[tuple[str, Path]]]
"""Names and paths of files by user id."""


def given(
    found: Iterable[Labelled],
    people: Sequence[Mapping[str, object]],
    numbers: Mapping[int, int] | None,
    *,
    teams: bool,
) -> tuple[Given, list[str]]:
    """Return whose the files are, and for each that is nobody's, or perhaps two users', what is wrong with it.

    ``people`` are users as the methods give them. ``numbers`` are the users behind the participants' numbers, None
    where they cannot be read; where ``teams`` hand in, Moodle's number is a group's.
    """
    known = _known(people)
    files: Given = {}
    wrong: list[str] = []
    for each in found:
        if not each.files:
            continue
        users = _users(each, numbers, known)
        if each.number is not None and teams:
            wrong.append(f"{each.label}: it is a group's, since groups hand in here; name it by a member's user name")
        elif each.number is not None and numbers is None:
            wrong.append(
                f"{each.label}: the participants' numbers cannot be read, which needs mod_assign_get_user_mappings"
            )
        elif not users:
            wrong.append(f"{each.label}: nobody of that name or number takes part in the assignment")
        elif len(users) > 1:
            wrong.append(f"{each.label}: it fits {len(users)} users")
        else:
            files.setdefault(next(iter(users)), []).extend(each.files)
    return files, wrong


def _users(each: Labelled, numbers: Mapping[int, int] | None, known: Mapping[str, set[object]]) -> set[object]:
    if each.number is not None:
        return known.get(f"id {(numbers or {}).get(each.number)}", set())
    return known.get(each.who.casefold()) or known.get(each.label.casefold(), set())


def _known(people: Iterable[Mapping[str, object]]) -> dict[str, set[object]]:
    """Return the users that a name may stand for: id, user name, e-mail, or what ``download`` calls a folder."""
    known: dict[str, set[object]] = {}
    for each in people:
        own = folder_of(int(str(each["id"])), str(each.get("lastname") or ""), str(each.get("firstname") or ""))
        for name in (f"id {each['id']}", each["id"], each.get("username"), each.get("email"), safe_name(own)):
            if name:
                known.setdefault(str(name).casefold(), set()).add(each["id"])
    return known


def with_files(
    items: Sequence[Mapping[str, object]], files: Given, numbers: Mapping[int, int] | None
) -> list[dict[str, object]]:
    """Return the items of a publication with the files of their users, and items for those who have files alone."""
    left = {user: [{"filename": name, "content": path} for name, path in own] for user, own in files.items()}
    found: list[dict[str, object]] = []
    for item in items:
        number = item.get("participant")
        user = item.get("extId") or (numbers or {}).get(number if isinstance(number, int) else 0)
        found.append(dict(item) | ({"files": left.pop(user)} if user in left else {}))
    return found + [{"extId": user, "files": own} for user, own in left.items()]
