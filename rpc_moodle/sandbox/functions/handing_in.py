"""A student's own work: save, submit, remove, and a fresh draft area."""

from __future__ import annotations

from copy import copy
from typing import Any

from rpc_moodle.sandbox.errors import no_permission
from rpc_moodle.sandbox.functions.base import Call, function, warning
from rpc_moodle.sandbox.params import OMITTED, Struct, boolean, integer, text
from rpc_moodle.sandbox.people import GRADE, SUBMIT
from rpc_moodle.sandbox.uploads import fresh_draft, user_context
from rpc_moodle.sandbox.work import DRAFT, NEW, REOPENED, SUBMITTED, Assignment, Submission

_EDITOR = Struct({"text": text(), "format": integer(), "itemid": integer()}, OMITTED)
_SAVE = Struct({"onlinetext_editor": _EDITOR, "files_filemanager": integer(OMITTED)})


def _submission(call: Call, assignment: Assignment) -> Submission | None:
    if not assignment.teamsubmission:
        return assignment.latest_of(call.user.id)
    return assignment.submission_of(0, groupid=call.site.team_of(assignment, call.user.id))


def _is_open(call: Call, assignment: Assignment) -> bool:
    """Tell whether the caller may change the submission now (``student.save_after_submit``)."""
    course, now = call.site.courses[assignment.courseid], call.site.now()
    if assignment.nosubmissions or not call.site.may(call.user, SUBMIT, course):
        return False
    flags = assignment.flags.get(call.user.id)
    last = max(assignment.cutoffdate, flags.extensionduedate if flags else 0)
    if now < assignment.allowsubmissionsfromdate or (assignment.cutoffdate and now > last):
        return False
    submission = _submission(call, assignment)
    handed_in = assignment.submissiondrafts and submission is not None and submission.status == SUBMITTED
    return not handed_in and not (flags and flags.locked)


@function("mod_assign_save_submission", assignmentid=integer(), plugindata=_SAVE)
def save_submission(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Save files of a draft area and a text; what cannot be saved is a warning (``student.save*``)."""
    assignment, data = call.assignment(params["assignmentid"]), params["plugindata"]
    if not _is_open(call, assignment):
        item = "The due date for this assignment has now passed"
        return [warning(item, assignment.id, "couldnotsavesubmission", "Could not save submission.")]
    submission = _submission(call, assignment)
    if submission is None:
        team = call.site.team_of(assignment, call.user.id) if assignment.teamsubmission else 0
        owner, now = 0 if assignment.teamsubmission else call.user.id, call.site.now()
        submission = assignment.add(Submission(call.site.ids.submission, owner, now, now, team, status=NEW))
        call.site.ids.submission += 1
    draft = call.site.drafts.get(data.get("files_filemanager", 0))
    if assignment.file_submissions and draft is not None and draft.userid == call.user.id:
        submission.files = [copy(file) for file in sorted(draft.files, key=lambda one: (one.filepath, one.filename))]
    if assignment.text_submissions and "onlinetext_editor" in data:
        submission.onlinetext = data["onlinetext_editor"]["text"]
    submission.status = DRAFT if assignment.submissiondrafts else SUBMITTED
    submission.timemodified = call.site.now()
    return []


@function("mod_assign_submit_for_grading", assignmentid=integer(), acceptsubmissionstatement=boolean())
def submit_for_grading(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Hand a draft in; without one, or without the statement that is asked for, a warning (``student.submit*``)."""
    assignment = call.assignment(params["assignmentid"])
    submission = _submission(call, assignment)
    ready = submission is not None and submission.status in {DRAFT, REOPENED} and _is_open(call, assignment)
    stated = params["acceptsubmissionstatement"] or not assignment.requiresubmissionstatement
    if submission is None or not ready or not stated:
        item = f"User id: {call.user.id}, Assignment id: {assignment.id} Notices:"
        message = "Could not submit assignment for grading."
        return [warning(item, assignment.id, "couldnotsubmitforgrading", message)]
    submission.status, submission.timemodified = SUBMITTED, call.site.now()
    return []


@function("mod_assign_remove_submission", userid=integer(), assignid=integer())
def remove_submission(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Empty a submission, one's own or as a teacher another's; new in 4.5 (``student.remove``)."""
    assignment, userid = call.assignment(params["assignid"]), params["userid"]
    if userid != call.user.id and not call.may(GRADE, assignment):
        raise no_permission("Edit other's submissions")
    submission = assignment.latest_of(userid)
    if submission is None or (userid == call.user.id and not _is_open(call, assignment)):
        message = "Could not remove submission."
        notice = warning(f"User id: {userid}", assignment.id, "submissionnotfoundtoremove", message)
        return {"status": False, "warnings": [notice]}
    submission.files, submission.onlinetext, submission.status = [], None, NEW
    return {"status": True, "warnings": []}


@function("core_files_get_unused_draft_itemid")
def get_unused_draft_itemid(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Give the number of a draft area that nothing is in (``student.unused_draft``)."""
    del params
    item = fresh_draft(call.site, call.user)
    place = {"component": "user", "contextid": user_context(call.user), "userid": call.user.id, "filearea": "draft"}
    return place | {"itemid": item, "warnings": []}


FUNCTIONS = (get_unused_draft_itemid, remove_submission, save_submission, submit_for_grading)
