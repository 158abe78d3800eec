"""What a teacher does to submissions besides grading: extensions, locks, back to draft."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from rpc_moodle.sandbox.errors import invalid_parameter, missing_user
from rpc_moodle.sandbox.functions.base import Call, function, warning
from rpc_moodle.sandbox.functions.participants import needs_grading
from rpc_moodle.sandbox.functions.people import part
from rpc_moodle.sandbox.params import Many, boolean, integer
from rpc_moodle.sandbox.people import GRADE
from rpc_moodle.sandbox.work import DRAFT, Assignment, Flags


def _flags(call: Call, assignment: Assignment, userid: int) -> Flags:
    if userid not in call.site.users:
        raise missing_user()
    if userid not in assignment.flags:
        assignment.flags[userid] = Flags(call.site.ids.flags, userid)
        call.site.ids.flags += 1
    return assignment.flags[userid]


def _marked(call: Call, params: dict[str, Any]) -> Assignment:
    assignment = call.assignment(params["assignmentid"])
    call.require(GRADE, assignment)
    return assignment


@function("mod_assign_save_user_extensions", assignmentid=integer(), userids=Many(integer()), dates=Many(integer()))
def save_user_extensions(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Set or, with 0, clear due dates of users; one before the due date is a warning (``dated.extension*``)."""
    assignment = _marked(call, params)
    if len(params["userids"]) != len(params["dates"]):
        raise invalid_parameter()
    warnings = []
    for userid, date in zip(params["userids"], params["dates"], strict=True):
        if date and date < max(assignment.duedate, assignment.allowsubmissionsfromdate):
            item = f"User id: {userid}, Assignment id: {assignment.id}, Extension date: {date}"
            message = "Could not grant submission date extensions."
            warnings.append(warning(item, assignment.id, "couldnotgrantextensions", message))
            continue
        flags = _flags(call, assignment, userid)
        flags.extensionduedate, flags.mailed = date, 2
    return warnings


def _set_lock(call: Call, params: dict[str, Any], *, locked: int) -> list[dict[str, Any]]:
    assignment = _marked(call, params)
    for userid in params["userids"]:
        _flags(call, assignment, userid).locked = locked
    return []


@function("mod_assign_lock_submissions", assignmentid=integer(), userids=Many(integer()))
def lock_submissions(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Bar users from handing in (``dated.lock``)."""
    return _set_lock(call, params, locked=1)


@function("mod_assign_unlock_submissions", assignmentid=integer(), userids=Many(integer()))
def unlock_submissions(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Let them hand in again (``dated.unlock``)."""
    return _set_lock(call, params, locked=0)


@function("mod_assign_revert_submissions_to_draft", assignmentid=integer(), userids=Many(integer()))
def revert_submissions(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Make submissions drafts again; who has none is a warning (``student.revert``)."""
    assignment = _marked(call, params)
    warnings = []
    for userid in params["userids"]:
        submission = assignment.latest_of(userid)
        if submission is None:
            item = f"User id: {userid}, Assignment id: {assignment.id}"
            message = "Could not revert submission to draft."
            warnings.append(warning(item, assignment.id, "couldnotrevert", message))
        else:
            submission.status, submission.timemodified = DRAFT, call.site.now()
    return warnings


@function("mod_assign_get_participant", assignid=integer(), userid=integer(), embeduser=boolean(default=False))
def get_participant(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Describe where a participant stands, with the dates of the assignment (``dated.participant``)."""
    assignment, userid = call.assignment(params["assignid"]), params["userid"]
    call.require(GRADE, assignment)
    user = call.site.users.get(userid)
    if user is None or not call.site.takes_part(assignment, userid):
        raise missing_user()
    submission, flags = assignment.latest_of(userid), assignment.flags.get(userid)
    grade = assignment.grade_of(userid)
    due = datetime.fromtimestamp(assignment.duedate, UTC)
    shown: dict[str, Any] = {
        "id": userid,
        "fullname": user.fullname,
        "submitted": submission is not None and submission.status == "submitted",
        "requiregrading": submission is not None and needs_grading(submission, grade),
        "grantedextension": bool(flags and flags.extensionduedate),
        "blindmarking": assignment.is_blind,
        "allowsubmissionsfromdate": assignment.allowsubmissionsfromdate,
        "duedate": assignment.duedate,
        "cutoffdate": assignment.cutoffdate,
        "duedatestr": f"{due.day} {due:%B %Y}, {due.hour % 12 or 12}:{due:%M} {due:%p}" if assignment.duedate else "",
        "submissionstatus": submission.status if submission else "",
    }
    if params["embeduser"]:
        shown["user"] = part(call, user)
    return shown


FUNCTIONS = (get_participant, lock_submissions, revert_submissions, save_user_extensions, unlock_submissions)
