"""What became of a write, told from what is stored afterwards; decided without I/O."""

from dataclasses import dataclass
from enum import Enum

from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.comments import Comment, alike, same
from rpc_moodle.moodle.publishing.grading import fills_alike
from rpc_moodle.moodle.publishing.harm import may_reopen
from rpc_moodle.moodle.publishing.plan import standing
from rpc_moodle.moodle.publishing.report import Code, Notice, Outcome, Result
from rpc_moodle.moodle.publishing.stored import UNKNOWN, BookGrade, Mark, Stored, Unknown
from rpc_moodle.moodle.publishing.write import Write


class Sight(Enum):
    """How much of a write was seen afterwards."""

    THERE = "there"
    CHANGED = "changed"
    MISSING = "missing"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of a write; ``result`` is what to report if the write was answered.

    ``untouched`` says that nothing at all of it is there: all is as it was before.
    """

    sight: Sight
    result: Result
    untouched: bool = False


def look(write: Write, after: Stored) -> Finding:
    """Compare what is stored on the attempt that was written with what was written, and with what was there before.

    A comment that is read back word for word is there, and so is one whose words are the same: Moodle cleans
    HTML. One that is as before was not stored; one that is neither is somebody else's. Where comment or grade
    cannot be read back, the report says so. A grade, a workflow state or a gradebook's grade that was to stay
    and has not is reported, whoever changed it.
    """
    mark = after.mark(write.attempt)
    text = _comment(write, mark)
    notices = _notices(write, after)
    lost = (
        _text_lost(text)
        or _grade_lost(write, mark)
        or _filling_lost(write, after)
        or _state_lost(write, after)
        or _book_lost(write, after)
    )
    if lost is not None:
        sight = Sight.CHANGED if lost[0] is Code.CHANGED_MEANWHILE else Sight.MISSING
        result = Result(write.user_id, Outcome.FAILED, lost[0], lost[1], notices=notices)
        return Finding(sight, result, untouched=_untouched(write, mark, after))
    if text is _Text.UNSEEN or (mark.grade is UNKNOWN and write.entry.names_grade):
        said = "Moodle gives no way to read it back with this API key, or before the marking workflow releases it."
        return Finding(Sight.UNSEEN, Result(write.user_id, Outcome.PUBLISHED, Code.NOT_VERIFIED, said, notices=notices))
    if text is _Text.CLEANED:
        said = "Moodle stored the text in another form than it was sent."
        return Finding(
            Sight.THERE, Result(write.user_id, Outcome.PUBLISHED, Code.STORED_DIFFERENTLY, said, notices=notices)
        )
    return Finding(Sight.THERE, Result(write.user_id, Outcome.PUBLISHED, notices=notices))


def proven(assignment: Assignment, write: Write, after: Stored) -> bool:
    """Tell whether the gradebook alone proves a write: what is there is what was sent, as students see it.

    Moodle puts only the newest attempt there, of a released grade, not where marking is blind, and nothing where
    the gradebook is locked or overridden.
    """
    book = after.book
    if isinstance(book, Unknown) or book.is_closed or assignment.anonymous or not write.is_newest:
        return False
    if may_reopen(assignment, write.before.newest):
        return False
    if assignment.markingworkflow and write.workflow != "released":
        return False
    if write.filling is not None or isinstance(write.grade, Unknown):
        return False
    if write.grade != book.grade:
        return False
    return write.comment is None or (bool(book.text) and same(write.comment, book.comment))


def as_proven(write: Write, after: Stored) -> Stored:
    """Return what is stored where the gradebook proves it: grade and text are those that were written."""
    book = after.book
    assert isinstance(book, BookGrade)  # noqa: S101 - what proves is there
    comment = write.comment if write.comment is not None else write.before.mark(write.attempt).comment
    handed_in = write.before.mark(write.attempt).handed_in
    return Stored(
        newest=write.before.newest,
        marks={write.attempt: Mark(write.grade, comment, handed_in)},
        workflow=write.workflow if after.workflow in {"", UNKNOWN} else after.workflow,
        locked=after.locked,
        book=book,
    )


class _Text(Enum):
    """What a comment is, compared with what was sent."""

    SENT = "sent"
    CLEANED = "cleaned"
    AS_BEFORE = "as before"
    ANOTHER = "another"
    UNSEEN = "unseen"


def _comment(write: Write, mark: Mark) -> _Text:
    if write.comment is None:
        return _Text.SENT
    if isinstance(mark.comment, Unknown):
        return _Text.UNSEEN
    if same(write.comment, mark.comment):
        return _Text.SENT
    before = write.before.mark(write.attempt).comment
    if not isinstance(before, Unknown) and (mark.comment == before or (before.shown and same(mark.comment, before))):
        return _Text.AS_BEFORE
    if not mark.comment.text:
        return _Text.AS_BEFORE
    return _Text.CLEANED if alike(write.comment, mark.comment) else _Text.ANOTHER


def _text_lost(text: _Text) -> tuple[Code, str] | None:
    if text is _Text.AS_BEFORE:
        return Code.NOT_STORED, "Moodle took the comment and did not store it."
    if text is _Text.ANOTHER:
        return Code.CHANGED_MEANWHILE, "Another text is there than the one sent: somebody else may have written it."
    return None


def _grade_lost(write: Write, mark: Mark) -> tuple[Code, str] | None:  # noqa: PLR0911 - a table of cases
    if isinstance(mark.grade, Unknown):
        return None
    if write.entry.filling is not None:
        if mark.grade is None:
            return Code.NOT_STORED, "Moodle took the filling and stored no grade: it does not fit the form."
        return None
    expected = write.before.mark(write.attempt).grade if not write.entry.names_grade else write.grade
    if isinstance(expected, Unknown) or mark.grade == expected:
        return None
    if write.entry.names_grade:
        if mark.grade is None or mark.grade == write.before.mark(write.attempt).grade:
            said = "Moodle took the grade and did not store it; it may be locked or overridden in the gradebook."
            return Code.NOT_STORED, said
        return Code.CHANGED_MEANWHILE, "Another grade is there than the one sent: somebody else may have graded."
    text = "The grade is not what it was before the comment was written; somebody may have graded meanwhile."
    return Code.CHANGED_MEANWHILE, text


def _state_lost(write: Write, after: Stored) -> tuple[Code, str] | None:
    wanted = write.workflow
    if isinstance(after.workflow, Unknown) or isinstance(wanted, Unknown):
        return None
    if (after.workflow or "notmarked") == (wanted or "notmarked"):
        return None
    text = f"The workflow state is {after.workflow or 'notmarked'}, not {wanted or 'notmarked'}."
    return (Code.NOT_STORED if write.names_state else Code.CHANGED_MEANWHILE), text


def _book_lost(write: Write, after: Stored) -> tuple[Code, str] | None:
    """Report a gradebook's grade that was to stay and is another."""
    before, book = write.before.book, after.book
    if isinstance(before, Unknown) or isinstance(book, Unknown) or before.grade == book.grade:
        return None
    if (before.rounded or book.rounded) and before.grade is not None and book.grade is not None:
        return None
    if write.entry.names_grade or write.names_state or write.may_clear or before.hidden != book.hidden:
        return None
    shown = "no grade" if book.grade is None else str(book.grade)
    text = f"The gradebook shows {shown}, and {before.grade if before.grade is not None else 'no grade'} before."
    return Code.CHANGED_MEANWHILE, text


def _filling_lost(write: Write, after: Stored) -> tuple[Code, str] | None:
    if (
        write.filling is None
        or isinstance(after.filling, Unknown)
        or not write.is_newest
        or after.newest != write.attempt
    ):
        return None
    if after.filling is not None and fills_alike(after.filling, write.filling):
        return None
    code = Code.NOT_STORED if write.entry.filling is not None else Code.CHANGED_MEANWHILE
    return code, "The filled form that is there is not the one sent."


def _untouched(write: Write, mark: Mark, after: Stored) -> bool:
    before = write.before.mark(write.attempt)
    same_state = after.workflow is UNKNOWN or after.workflow == write.before.workflow
    return same_state and (mark.comment, mark.grade, after.newest) == (
        before.comment,
        before.grade,
        write.before.newest,
    )


def _notices(write: Write, after: Stored) -> tuple[Notice, ...]:
    found = list(standing(after)) or list(standing(write.before))
    if after.newest > write.before.newest:
        found.append(Notice.REOPENED)
    if write.comment is None and _cleaned(write, after):
        found.append(Notice.COMMENT_CLEANED)
    found += [notice for notice in (Notice.SENT_AS_PLAIN, Notice.OLDER_ATTEMPT) if notice in write.notices]
    return tuple(found)


def _cleaned(write: Write, after: Stored) -> bool:
    """Tell whether the comment that was there has other markup now: Moodle's own form cleans one that it is not sent.

    Seen on Moodle 4.5 (``<br>`` becomes ``<br />``), in the gradebook, too, where a comment stands as it is stored.
    """
    old, new = write.before.mark(write.attempt).comment, after.mark(write.attempt).comment
    if _rewritten(old, new):
        return True
    before, book = write.before.book, after.book
    if isinstance(before, Unknown) or isinstance(book, Unknown) or not write.is_newest:
        return False
    return _rewritten(before.comment, book.comment)


def _rewritten(old: Comment | Unknown, new: Comment | Unknown) -> bool:
    if isinstance(old, Unknown) or isinstance(new, Unknown) or old.shown != new.shown:
        return False
    return old.text != new.text and alike(old, new)
