"""Which attempt an entry is about; decided without I/O."""

from decimal import Decimal

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.stored import Stored


def attempt_of(assignment: Assignment, entry: Entry, before: Stored) -> int:
    """Choose the attempt of an entry that names none: the newest, but for one that was reopened and is still empty.

    A text to an empty newest attempt would stand beside nothing and empty the gradebook (``manual.1``); to the one
    before it, all stays (``manual.3``). A grade goes there, too, where Moodle reopens by itself: it would add another
    attempt to the empty one at every repetition (``auto.*``). Who reopens by hand marks anew.
    """
    newest = before.mark(before.newest)
    if before.newest == 0 or newest.handed_in or isinstance(newest.grade, Decimal):
        return before.newest
    if entry.names_grade and assignment.attemptreopenmethod not in {"automatic", "untilpass"}:
        return before.newest
    # Only of attempts that were read anything is known, and the number of the newest may be any.
    earlier = [number for number, mark in before.marks.items() if 0 <= number < before.newest and mark.handed_in]
    graded = [number for number in earlier if isinstance(before.mark(number).grade, Decimal)]
    return max(graded or earlier or [before.newest - 1])
