"""``mod_assign_get_submission_status``: submission, grade, comment and grading status of one user."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.attempts import counted
from rpc_moodle.sandbox.errors import missing_user, no_permission
from rpc_moodle.sandbox.feedback_files import listed
from rpc_moodle.sandbox.functions.assignments import attached
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.functions.grades import describe as describe_grade
from rpc_moodle.sandbox.functions.participants import needs_grading
from rpc_moodle.sandbox.functions.submissions import describe as describe_submission
from rpc_moodle.sandbox.params import integer
from rpc_moodle.sandbox.people import GRADE
from rpc_moodle.sandbox.texts import name_shown, shown
from rpc_moodle.sandbox.work import DRAFT, NEW, RELEASED, REOPENED, SUBMITTED, Assignment, Grade, Submission


@function("mod_assign_get_submission_status", assignid=integer(), userid=integer(0), groupid=integer(0))
def get_submission_status(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Describe where a user, the caller by default, stands in an assignment (``status.*``).

    Who has no attempt gets one with status ``new`` by being asked about (``reading.*``).
    """
    assignment = call.assignment(params["assignid"])
    userid = params["userid"] or call.user.id
    if userid not in call.site.users:
        raise missing_user()
    grader = call.may(GRADE, assignment)
    if userid != call.user.id and not grader:
        raise no_permission("View grades")
    answer: dict[str, Any] = {}
    if grader:
        answer["gradingsummary"] = _summary(call, assignment)
    if call.site.takes_part(assignment, userid):
        answer["lastattempt"] = _last_attempt(call, assignment, userid)
    counted(call.site, assignment, userid)
    feedback = _feedback(call, assignment, userid, grader=grader)
    if feedback:
        answer["feedback"] = feedback
    owner = (0, call.site.team_of(assignment, userid)) if assignment.teamsubmission else (userid, 0)
    previous = assignment.attempts.get(owner, [])[-2::-1]
    if previous:
        answer["previousattempts"] = [_previous(call, assignment, userid, one) for one in previous]
    intro = [attached(call, assignment, file) for file in assignment.introattachments]
    return answer | {"assignmentdata": {"attachments": {"intro": intro}}, "warnings": []}


def _summary(call: Call, assignment: Assignment) -> dict[str, Any]:
    members = call.site.participants(assignment)
    team = assignment.teamsubmission
    teams = {call.site.team_of(assignment, userid) for userid in members} if team else set()
    owned = [assignment.submission_of(0, groupid=one) for one in teams] if team else map(assignment.latest_of, members)
    rows = [one for one in owned if one is not None]
    waiting = [one for one in rows if needs_grading(one, assignment.grades.get((one.userid, one.attemptnumber)))]
    return {
        "participantcount": len(teams) if team else len(members),
        "submissiondraftscount": sum(one.status == DRAFT for one in rows),
        "submissionsenabled": not assignment.nosubmissions,
        "submissionssubmittedcount": sum(one.status == SUBMITTED for one in rows),
        "submissionsneedgradingcount": 0 if team else len(waiting),
        "warnofungroupedusers": "warnoptional" if 0 in teams else "",
    }


def _last_attempt(call: Call, assignment: Assignment, userid: int) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    submission = assignment.latest_of(userid)
    team = call.site.team_of(assignment, userid) if assignment.teamsubmission else 0
    if submission:
        answer["submission"] = _submission(call, assignment, submission)
    if assignment.teamsubmission:
        shared = assignment.submission_of(0, groupid=team)
        if shared:
            answer["teamsubmission"] = _submission(call, assignment, shared)
        if team:
            answer["submissiongroup"] = team
    grade, flags = assignment.grade_of(userid), assignment.flags.get(userid)
    open_to_owner = not assignment.nosubmissions
    if assignment.submissiondrafts and submission:
        open_to_owner = open_to_owner and submission.status in {NEW, DRAFT, REOPENED}
    book = assignment.gradebook.get(userid)
    open_to_owner = open_to_owner and not (book and book.locked)
    itself = userid == call.user.id
    unlocked = not (flags and flags.locked)
    return answer | {
        "submissiongroupmemberswhoneedtosubmit": [],
        "submissionsenabled": not assignment.nosubmissions,
        "locked": not unlocked,
        "graded": bool(grade and grade.is_graded),
        "canedit": itself and open_to_owner and unlocked,
        "caneditowner": open_to_owner and unlocked,
        "cansubmit": itself and bool(submission and assignment.submissiondrafts and submission.status == DRAFT),
        "extensionduedate": flags.extensionduedate if flags else None,
        "timelimit": 0,
        "blindmarking": assignment.is_blind,
        "gradingstatus": assignment.grading_status(userid),
        "usergroups": [group.id for group in call.site.courses[assignment.courseid].groups_of(userid)],
    }


def _submission(call: Call, assignment: Assignment, one: Submission) -> dict[str, Any]:
    answer = describe_submission(call, assignment, one)
    plugins = answer.pop("plugins")
    return answer | {"assignment": assignment.id, "latest": int(one.latest), "plugins": plugins}


def _feedback(call: Call, assignment: Assignment, userid: int, *, grader: bool) -> dict[str, Any] | None:
    """Give grade, comment and files, once there is a grade in the gradebook or one of both that is not held back.

    The grade to display is the gradebook's, also where the assignment has another (``gradebook.1``); a student does not
    see one that is hidden there.
    """
    row, book = assignment.grade_of(userid), assignment.gradebook.get(userid)
    held_back = assignment.markingworkflow and assignment.grading_status(userid) != RELEASED
    commented = bool(assignment.comments_enabled and row and row.comment and row.comment.text) and not held_back
    filed = bool(assignment.feedback_files and row and row.files) and not held_back
    value = book.grade if book and assignment.grade else None
    hidden = assignment.grade and book and book.hidden and not grader
    if hidden or (value is None and not (commented or filed)):
        return None
    answer: dict[str, Any] = {}
    if row:
        answer["grade"] = _grade(assignment, row)
    answer["gradefordisplay"] = None if value is None else display(call, assignment, value)
    answer["gradeddate"] = None if value is None or not book else book.dategraded
    if row:
        answer["plugins"] = _plugins(call, assignment, row)
    return answer


def _grade(assignment: Assignment, row: Grade) -> dict[str, Any]:
    return {"id": row.id, "assignment": assignment.id} | describe_grade(row)


def _plugins(call: Call, assignment: Assignment, row: Grade) -> list[dict[str, Any]]:
    files = [listed(call.url, assignment, row)] if assignment.feedback_files else []
    return _comments(call, assignment, row) + files


def _comments(call: Call, assignment: Assignment, row: Grade) -> list[dict[str, Any]]:
    if not assignment.comments_enabled:
        return []
    text, text_format = shown(row.comment.text, row.comment.format, raw=call.raw) if row.comment else ("", 0)
    field = {"name": "comments", "description": "Feedback comments", "text": text, "format": text_format}
    area = {"area": "feedback", "files": []}
    return [{"type": "comments", "name": "Feedback comments", "fileareas": [area], "editorfields": [field]}]


def display(call: Call, assignment: Assignment, value: float) -> str:
    """Give a grade as people read it: points of the maximum, or the scale's word (``save.scale_keep``)."""
    if assignment.grade > 0:
        space = " " if assignment.advanced_grading else "&nbsp;"
        return f"{value:.2f}{space}/{space}{assignment.grade:.2f}"
    scale = call.site.scales.get(-assignment.grade, [])
    item = scale[int(value) - 1] if 1 <= int(value) <= len(scale) else "-"
    return name_shown(item, raw=False, filtered=call.filter)


def _previous(call: Call, assignment: Assignment, userid: int, one: Submission) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "attemptnumber": one.attemptnumber,
        "submission": _submission(call, assignment, one),
    }
    row = assignment.grades.get((userid, one.attemptnumber))
    if row:
        words = "-" if row.grade is None or row.grade < 0 else display(call, assignment, row.grade)
        answer["grade"] = _grade(assignment, row) | {"gradefordisplay": words}
        answer["feedbackplugins"] = _plugins(call, assignment, row)
    return answer


FUNCTIONS = (get_submission_status,)
