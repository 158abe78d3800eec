"""What is to be published, and the limits it is held to before anything is written."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from html import unescape
from re import compile as pattern
from re import sub
from typing import Literal

from rpc_moodle.moodle.errors import InvalidArgument
from rpc_moodle.moodle.publishing.feedback_files import FeedbackFile, fault_of
from rpc_moodle.moodle.wire import Value

MAX_ENTRIES = 5000
"""Entries of one publication."""

MAX_TEXT = 1_000_000
"""Bytes of one text in UTF-8."""

WORKFLOW_STATES = ("notmarked", "inmarking", "readyforreview", "inreview", "readyforrelease", "released")
"""The states that Moodle knows; it stores any other word too, and then never shows the feedback.

See ``save.workflow_bad_state``.
"""


_VISIBLE = pattern(r"(?:<[/!]?[a-zA-Z][^<>]{0,200}>|\s){0,100}[^<&\s\u200b]")
"""How nearly every text begins: a word, behind tags."""


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
        """Return it as ``advancedgradingdata`` of ``mod_assign_save_grade``."""
        return {self.method: {"criteria": [self._criterion(each) for each in self.criteria]}}

    def fields(self) -> Iterable[tuple[str, str]]:
        """Return it as fields of Moodle's own grading form."""
        for each in self.criteria:
            name = f"advancedgrading[criteria][{each.id}]"
            for key, value in self._own(each).items():
                yield f"{name}[{key}]", str(value)
            yield f"{name}[remark]", each.remark

    def _criterion(self, each: Criterion) -> dict[str, Value]:
        filling: dict[str, Value] = {"criterionid": each.id, **self._own(each)}
        filling |= {"remark": each.remark, "remarkformat": int(TextFormat.HTML)}
        return {"criterionid": each.id, "fillings": [filling]}

    def _own(self, each: Criterion) -> dict[str, Value]:
        if self.method == "rubric":
            return {"levelid": each.level}
        return {"score": None if each.score is None else format(each.score, "f")}


@dataclass(frozen=True, slots=True)
class Entry:
    """One user's feedback.

    ``text`` None leaves the comment as it is. ``grade`` is a number of points, the name of a scale's item, or its
    number counted from 1; ``scale_item`` is such a number and nothing else; None of both leaves the grade as it is.
    ``attempt`` is Moodle's number of the attempt, counted from 0; None is the one that the feedback is about.
    ``participant`` is the number behind ``Participant N`` where marking is blind, given in place of the user's id.
    ``files`` are given beside the text; ``draft`` is the draft area that holds what the user's files are to be, None
    where they stay as they are, and 0 where nothing was uploaded yet.
    """

    user_id: int
    text: str | None = None
    format: TextFormat = TextFormat.MOODLE
    grade: Decimal | str | None = None
    filling: Filling | None = None
    scale_item: int | None = None
    attempt: int | None = None
    participant: int | None = None
    files: tuple[FeedbackFile, ...] = ()
    draft: int | None = None

    @property
    def names_grade(self) -> bool:
        """Whether it says what the grade is to be."""
        return self.grade is not None or self.filling is not None or self.scale_item is not None

    def says_the_same(self, other: "Entry") -> bool:
        """Whether both would publish the same to whomever they name."""
        return (self.text, self.format, self.grade, self.filling, self.scale_item, self.attempt, self.files) == (
            other.text,
            other.format,
            other.grade,
            other.filling,
            other.scale_item,
            other.attempt,
            other.files,
        )


@dataclass(frozen=True, slots=True)
class Options:
    """How to publish.

    ``overwrite_grades``: a grade that cannot be read, or that an older attempt has put into the gradebook, may be
    lost. ``apply_to_team``: every member of a named user's team gets the same. ``workflow_state``: set this state;
    without, the stored one stays. ``allow_take_back``: also where students then no longer see their grade.
    ``allow_reopen``: a text may make Moodle add an attempt. ``attempt``: write to this attempt, counted from 0.
    ``notify``: False tells no student, None does what the assignment says, as far as the writer can.
    ``append``: a text comes below the comment that is there. ``on_duplicate``: which of several different rows of one
    user counts. ``clear``: an empty text is meant and removes the comment. ``include_locked``: also where the
    submission is locked. ``max_grade``: the maximum of the grades given, converted to the assignment's.
    ``replace_files``: the files of an entry take the place of all that the user has. ``dry_run``: write nothing.
    ``parallel``: requests side by side. ``max_input_vars``: fields that the site's PHP
    reads of one request. ``chunk``: users of one request at most; Moodle needs about a tenth of a second for each.
    """

    overwrite_grades: bool = False
    apply_to_team: bool = False
    workflow_state: str | None = None
    allow_take_back: bool = False
    allow_reopen: bool = False
    attempt: int | None = None
    notify: bool | None = None
    append: bool = False
    on_duplicate: Literal["last", "max", "sum", "mean"] | None = None
    clear: bool = False
    include_locked: bool = False
    max_grade: Decimal | None = None
    replace_files: bool = False
    dry_run: bool = False
    parallel: int = 8
    max_input_vars: int = 1000
    chunk: int = 75


class InvalidEntries(InvalidArgument):
    """The call cannot be carried out as it is; nothing has been written."""

    def __init__(self, *problems: str) -> None:
        """Take at least one problem, a sentence each; the text tells them all."""
        super().__init__(" ".join(problems))
        self.problems = problems


def check(entries: Sequence[Entry], options: Options) -> None:
    """Hold a call to the limits that concern all of it.

    Raises InvalidEntries.
    """
    problems = []
    if len(entries) > MAX_ENTRIES:
        problems.append(f"{len(entries)} entries are too many: {MAX_ENTRIES} at most in one call.")
    if options.workflow_state is not None and options.workflow_state not in WORKFLOW_STATES:
        problems.append(f"There is no such workflow state; there are {', '.join(WORKFLOW_STATES)}.")
    if problems:
        raise InvalidEntries(*problems)


def fault(entry: Entry, options: Options) -> str | None:
    """Say what is wrong with one entry, whatever is stored; None if nothing is."""
    if entry.text is None and not entry.names_grade and not entry.files:
        return "There is neither a text nor a grade nor a file."
    if entry.text is not None:
        if is_empty(entry.text) and not options.clear:
            return "The text is empty; to remove a comment, pass clear."
        if len(entry.text.encode("utf-8", "replace")) > MAX_TEXT:
            return f"The text has more than {MAX_TEXT} bytes."
    if (entry.grade is not None) + (entry.filling is not None) + (entry.scale_item is not None) > 1:
        return "Pass one of grade, scaleItem and advancedGrading: Moodle computes the grade from a filling."
    return fault_of(entry.files)


def is_empty(text: str) -> bool:
    """Tell whether a reader would see nothing: no word, no picture, such as ``<p></p>`` or ``<br>``."""
    if not text.replace("\u200b", "").strip():
        return True
    if ("<" not in text and "&" not in text) or _VISIBLE.match(text):
        return False
    head = text[:4000]  # what is longer is not empty, and the pattern takes the square of a wild text
    if (
        len(text) > len(head)
        or sub(r"(?i)<(img|video|audio|iframe|object|embed|hr|input|svg|math)\b", "", head) != head
    ):
        return False
    closed, end, rest = head.rpartition("-->")  # each comment that is never closed would be searched to the end
    shown = sub(r"(?s)<!--.*?-->", "", closed + end) + rest
    return not unescape(sub(r"<[/!]?[a-zA-Z][^<>]*>", "", shown)).replace("\u200b", "").strip()


def fit_format(text: str, text_format: TextFormat) -> TextFormat:
    """Return the format that keeps every word: what looks like plain text and holds ``<`` is sent as plain.

    Moodle's own format takes ``a <b and c`` for markup, and the student then does not see the words.
    """
    if text_format is not TextFormat.MOODLE or "<" not in text:
        return text_format
    markup = sub(r"(?i)<!--|</?[a-z][a-z0-9]*(\s+[a-z:-]+\s*=[^<>]{0,2000}|\s*/?)>", "", text[:20_000]) != text[:20_000]
    return text_format if markup else TextFormat.PLAIN
