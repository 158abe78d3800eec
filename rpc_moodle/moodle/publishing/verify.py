"""What became of a write, told from what is stored afterwards; decided without I/O."""

from dataclasses import dataclass
from enum import Enum

from rpc_moodle.moodle.publishing.comments import alike, same
from rpc_moodle.moodle.publishing.plan import Write
from rpc_moodle.moodle.publishing.report import Code, Outcome, Result
from rpc_moodle.moodle.publishing.state import UNKNOWN, Stored


class Sight(Enum):
    """How much of a write was seen afterwards."""

    THERE = "there"
    CHANGED = "changed"
    MISSING = "missing"
    UNSEEN = "unseen"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of a write; ``result`` is what to report if the write was answered."""

    sight: Sight
    result: Result


def look(write: Write, after: Stored) -> Finding:
    """Compare what is stored with what was written, and with what was there before.

    A comment that is read back word for word is there. One that is neither what was sent nor what was
    there before has been stored in another form: Moodle cleans HTML. One that is as before was not
    stored. Where comment or grade cannot be read back, the report says so. A grade or a workflow state
    that was to stay and has not is reported, whoever changed it.
    """
    user = write.user_id
    lost = _lost(write, after)
    if lost is not None:
        return Finding(Sight.MISSING, lost)
    comment = _comment(write, after)
    if comment is Sight.MISSING:
        text = "Moodle took the comment and did not store it."
        return Finding(comment, Result(user, Outcome.FAILED, Code.NOT_STORED, text))
    if comment is Sight.UNSEEN or _grade_unseen(write, after):
        text = "Moodle gives no way to read it back with this API key, or before the marking workflow releases it."
        return Finding(Sight.UNSEEN, Result(user, Outcome.PUBLISHED, Code.NOT_VERIFIED, text))
    if comment is Sight.CHANGED:
        text = "Moodle stored the text in another form than it was sent."
        return Finding(comment, Result(user, Outcome.PUBLISHED, Code.STORED_DIFFERENTLY, text))
    return Finding(Sight.THERE, Result(user, Outcome.PUBLISHED))


def _comment(write: Write, after: Stored) -> Sight:
    if write.comment is None:
        return Sight.THERE
    if after.comment is UNKNOWN:
        return Sight.UNSEEN
    if same(write.comment, after.comment):
        return Sight.THERE
    before = write.before.comment
    if not after.comment.text or (before is not UNKNOWN and before.text == after.comment.text):
        return Sight.MISSING
    if alike(write.comment, after.comment):
        return Sight.THERE
    return Sight.MISSING if before is UNKNOWN else Sight.CHANGED


def _grade_unseen(write: Write, after: Stored) -> bool:
    """Whether a grade that was to be stored cannot be seen; one that was kept was known before."""
    return after.grade is UNKNOWN and write.changes_grade


def _lost(write: Write, after: Stored) -> Result | None:
    user = write.user_id
    if write.filling is not None:
        if after.grade is None:
            text = "Moodle took the filling and stored no grade: it does not fit the form."
            return Result(user, Outcome.FAILED, Code.NOT_STORED, text)
    elif after.grade is not UNKNOWN and after.grade != write.grade:
        if write.entry.grade is not None:
            text = "Moodle took the grade and did not store it; it may be locked or overridden in the gradebook."
            return Result(user, Outcome.FAILED, Code.NOT_STORED, text)
        text = "The grade is not what it was before the comment was written; somebody may have graded meanwhile."
        return Result(user, Outcome.FAILED, Code.CHANGED_MEANWHILE, text)
    if after.workflow is not UNKNOWN and (after.workflow or "notmarked") != (write.workflow or "notmarked"):
        text = f"The workflow state is {after.workflow or 'notmarked'}, not {write.workflow or 'notmarked'}."
        kept = write.before.workflow == write.workflow
        return Result(user, Outcome.FAILED, Code.CHANGED_MEANWHILE if kept else Code.NOT_STORED, text)
    return None
