"""The gradebook: what of an assignment's grades arrives there, and whether a student has passed."""

from __future__ import annotations

from collections.abc import Iterable

from rpc_moodle.sandbox.work import RELEASED, Assignment, BookGrade, Grade


def is_kept_out(assignment: Assignment, userid: int) -> bool:
    """Tell whether the user's row is locked or overridden, so that the assignment's grade is, too."""
    row = assignment.gradebook.get(userid)
    return row is not None and row.fixed


def push(assignment: Assignment, row: Grade) -> None:
    """Push grade and comment as Moodle does: not while marking is blind, nor into a locked or overridden row.

    With marking workflow a grade that is not released takes out what was there (``workflow_on.1``).
    """
    if assignment.is_blind or is_kept_out(assignment, row.userid):
        return
    book = assignment.gradebook.setdefault(row.userid, BookGrade())
    released = not assignment.markingworkflow or assignment.grading_status(row.userid) == RELEASED
    book.grade = row.grade if released and row.is_graded and assignment.grade else None
    if assignment.comments_enabled and assignment.comments_in_gradebook:
        book.feedback = row.comment.text if released and row.comment else ""
        book.feedbackformat = row.comment.format if row.comment else 0
    elif not released:
        book.feedback = ""
    book.datesubmitted = None
    book.dategraded = row.timemodified if book.grade is not None or book.feedback else None


def note_submission(assignment: Assignment, userids: Iterable[int], moment: int) -> None:
    """Note when users, as many as are in a team, handed in or got another attempt (``auto.1``)."""
    for userid in userids:
        if not assignment.is_blind and not is_kept_out(assignment, userid):
            assignment.gradebook.setdefault(userid, BookGrade()).datesubmitted = moment


def passed(assignment: Assignment, row: BookGrade | None) -> bool | None:
    """Tell whether a gradebook's grade is a pass; ``None`` without a grade or a pass mark (``untilpass.3``)."""
    if row is None or row.grade is None or not assignment.gradepass:
        return None
    return row.grade >= assignment.gradepass
