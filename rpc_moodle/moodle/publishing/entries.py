"""What is to be published, and the limits it is held to before anything is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import Literal

from rpc_moodle.moodle.wire import Value

MAX_ENTRIES = 5000
"""Entries of one publication."""

MAX_TEXT = 1_000_000
"""Bytes of one text in UTF-8."""

WORKFLOW_STATES = ("notmarked", "inmarking", "readyforreview", "inreview", "readyforrelease", "released")
"""The states that Moodle knows; it stores any other word too, and then never shows the feedback.

See ``save.workflow_bad_state``.
"""


class TextFormat(IntEnum):
    """The text formats of Moodle."""

    MOODLE = 0
    HTML = 1
    PLAIN = 2
    MARKDOWN = 4


@dataclass(frozen=True, slots=True)
class Criterion:
    """The filling of one criterion: the level of a rubric, or the score of a marking guide."""

    id: int
    level: int | None = None
    score: Decimal | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Filling:
    """A filled rubric or marking guide; Moodle computes the grade from it."""

    method: Literal["rubric", "guide"]
    criteria: tuple[Criterion, ...]

    def params(self) -> dict[str, Value]:
        """Write it as ``advancedgradingdata`` of ``mod_assign_save_grade``."""
        return {self.method: {"criteria": [self._criterion(each) for each in self.criteria]}}

    def _criterion(self, each: Criterion) -> dict[str, Value]:
        own: dict[str, Value] = (
            {"levelid": each.level}
            if self.method == "rubric"
            else {"score": None if each.score is None else format(each.score, "f")}
        )
        filling: dict[str, Value] = {"criterionid": each.id, **own}
        filling |= {"remark": each.remark, "remarkformat": int(TextFormat.HTML)}
        return {"criterionid": each.id, "fillings": [filling]}


@dataclass(frozen=True, slots=True)
class Entry:
    """One user's feedback.

    ``text`` None leaves the comment as it is. ``grade`` is a number of points, the number of a scale's
    item counted from 1, or the item's name; None leaves the grade as it is.
    """

    user_id: int
    text: str | None = None
    format: TextFormat = TextFormat.MOODLE
    grade: Decimal | str | None = None
    filling: Filling | None = None

    def says_the_same(self, other: "Entry") -> bool:
        """Whether both would publish the same to whomever they name."""
        return (self.text, self.format, self.grade, self.filling) == (
            other.text,
            other.format,
            other.grade,
            other.filling,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """How to publish.

    ``overwrite_grades``: a grade that cannot be read may be lost. ``apply_to_team``: every member of a
    named user's team gets the same. ``workflow_state``: set this state; without, the stored one stays.
    ``clear``: an empty text is meant and removes the comment. ``include_locked``: also where the
    submission is locked. ``max_grade``: the maximum of the grades given, converted to the assignment's.
    ``dry_run``: write nothing. ``parallel``: requests side by side. ``max_input_vars``: fields that the
    site's PHP reads of one request. ``chunk``: users of one request at most; Moodle needs about a tenth
    of a second for each.
    """

    overwrite_grades: bool = False
    apply_to_team: bool = False
    workflow_state: str | None = None
    clear: bool = False
    include_locked: bool = False
    max_grade: Decimal | None = None
    dry_run: bool = False
    parallel: int = 8
    max_input_vars: int = 1000
    chunk: int = 50


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with an entry, by its position; None for what concerns them all."""

    index: int | None
    text: str


class InvalidEntries(ValueError):
    """The entries cannot be published as they are; nothing has been written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Take at least one problem; the text tells the first, and how many more there are."""
        first, more = problems[0], len(problems) - 1
        where = "" if first.index is None else f"Entry {first.index}: "
        super().__init__(f"{where}{first.text}{f' (and {more} more)' if more else ''}")
        self.problems = problems


def check(entries: Sequence[Entry], options: Options) -> None:
    """Hold entries to the limits that need no look at the site.

    Raises InvalidEntries.
    """
    problems = list(_problems(entries, options))
    if problems:
        raise InvalidEntries(problems)


def _problems(entries: Sequence[Entry], options: Options) -> Iterable[Problem]:
    if len(entries) > MAX_ENTRIES:
        yield Problem(None, f"{len(entries)} entries are too many: {MAX_ENTRIES} at most in one call.")
        return
    if options.workflow_state is not None and options.workflow_state not in WORKFLOW_STATES:
        yield Problem(None, f"There is no such workflow state; there are {', '.join(WORKFLOW_STATES)}.")
    seen: dict[int, int] = {}
    for index, entry in enumerate(entries):
        first = seen.setdefault(entry.user_id, index)
        if first != index:
            yield Problem(index, f"User {entry.user_id} is named twice; entry {first} is the other.")
        yield from (Problem(index, text) for text in _of_one(entry, options))


def _of_one(entry: Entry, options: Options) -> Iterable[str]:
    if entry.text is None and entry.grade is None and entry.filling is None:
        yield "There is neither a text nor a grade."
    if entry.text is not None:
        if not entry.text.strip() and not options.clear:
            yield "The text is empty; to remove a comment, pass clear."
        if len(entry.text.encode("utf-8", "replace")) > MAX_TEXT:
            yield f"The text has more than {MAX_TEXT} bytes."
    if entry.grade is not None and entry.filling is not None:
        yield "Moodle computes the grade from the filling; pass one of the two."
