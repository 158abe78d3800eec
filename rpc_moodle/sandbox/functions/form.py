"""``mod_assign_submit_grading_form``: what Moodle's own grading page sends."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from rpc_moodle.sandbox.advanced import Answer, is_whole
from rpc_moodle.sandbox.functions.base import Call, function, warning
from rpc_moodle.sandbox.gradebook import is_kept_out
from rpc_moodle.sandbox.grading import Grader, Marks
from rpc_moodle.sandbox.params import integer, nest, text
from rpc_moodle.sandbox.people import GRADE
from rpc_moodle.sandbox.texts import HTML, MARKDOWN, PLAIN, clean
from rpc_moodle.sandbox.work import Assignment, Comment

_FIELDS: Final = 5000
_EDITOR: Final = "assignfeedbackcomments_editor"
_REFUSED: Final = "Could not save grade."


@function("mod_assign_submit_grading_form", assignmentid=integer(), userid=integer(), jsonformdata=text())
def submit_grading_form(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """Store what the page would, and answer with a warning where it would refuse (``form.*``).

    What the form does not hold stays: grade, comment, workflow state; a whole team is meant unless ``applytoall`` is 0.
    The user is the parameter, whatever the form says; feedback files come in a field
    with that number in its name. Rows are made before anything is refused (``form.status_rubric_half``).
    """
    assignment = call.assignment(params["assignmentid"])
    call.require(GRADE, assignment)
    form, userid = _read(params["jsonformdata"]), params["userid"]
    grader = Grader(call.site, assignment, call.user)
    number = _whole(form, "attemptnumber", -1)
    row = grader.grade_row(userid, number)
    answers = _answers(form)
    frozen = is_kept_out(assignment, userid)
    if not frozen and not _is_valid(assignment, form, answers):
        failed = warning("", assignment.id, "couldnotsavegrade", _REFUSED)
        return [failed | {"item": "Form validation failed."}]
    text_now = _begun_with(assignment, userid, row.comment)
    editor = form.get(_EDITOR)
    marks = Marks(
        _number(form.get("grade") or ""),
        number,
        _whole(form, "addattempt", 0) == 1 and assignment.attemptreopenmethod == "manual",
        str(form["workflowstate"]) if assignment.markingworkflow and "workflowstate" in form else None,
        Comment(str(editor.get("text", "")), _whole(editor, "format", HTML)) if isinstance(editor, dict) else text_now,
        answers or {},
        keeps_grade="grade" not in form or not _offers(call, assignment, form["grade"]),
        notify=_whole(form, "sendstudentnotifications", int(not assignment.markingworkflow)) == 1,
        draft=_whole(form, f"files_{userid}_filemanager", 0),
    )
    grader.save(userid, marks, apply_to_all=_whole(form, "applytoall", 1) == 1)
    return []


def _begun_with(assignment: Assignment, userid: int, stored: Comment | None) -> Comment:
    """Give the comment that the form begins with, cleaned where it is HTML (seen on Moodle 4.5).

    Without one, and with *Comment inline*, it is the student's online text.
    """
    if stored and stored.text:
        cleaned = stored.text if stored.format in {PLAIN, MARKDOWN} else clean(stored.text)
        return Comment(cleaned, stored.format)
    own = assignment.submission_of(userid) if assignment.comment_inline else None
    return Comment(own.onlinetext or "" if own else "", HTML)


def _read(jsonformdata: str) -> dict[str, Any]:
    """Read the URL-encoded form inside the JSON string; what is no string is an empty form."""
    try:
        encoded = json.loads(jsonformdata)
    except ValueError:
        encoded = ""
    return nest(parse_qsl(encoded if isinstance(encoded, str) else "", keep_blank_values=True), _FIELDS)


def _is_valid(assignment: Assignment, form: dict[str, Any], answers: dict[int, Answer] | None) -> bool:
    """Tell whether the page takes grade and filling (``form.too_high``, ``form.not_a_number``, ``form.rubric_half``).

    A form that says nothing of the rubric is taken, although the rubric's grade is lost (``form.rubric_text_only``).
    """
    if assignment.advanced_grading:
        return answers is None or is_whole(assignment.advanced_grading, assignment.criteria, answers)
    sent = form.get("grade")
    if not sent or assignment.grade <= 0:
        return True
    value = _number(sent)
    return value is not None and 0 <= value <= assignment.grade


def _offers(call: Call, assignment: Assignment, sent: str) -> bool:
    """Tell whether the form has a field for the grade; a scale's offers its items, and -1 for none (Moodle 4.5)."""
    if assignment.grade > 0:
        return True
    number = _number(sent)
    items = call.site.scales.get(-assignment.grade, [])
    return bool(items) and number is not None and (number == -1 or 1 <= number <= len(items))


def _answers(form: dict[str, Any]) -> dict[int, Answer] | None:
    sent = form.get("advancedgrading")
    if not isinstance(sent, dict):
        return None
    criteria = sent.get("criteria")
    given = criteria.items() if isinstance(criteria, dict) else ()
    return {
        int(name): Answer(_number(one.get("levelid") or one.get("score") or ""), str(one.get("remark", "")))
        for name, one in given
        if name.isdecimal() and isinstance(one, dict)
    }


def _number(sent: Any) -> float | None:
    """Read a number as an English site does: spaces are nothing, a decimal comma is wrong (``form.decimal_comma``)."""
    try:
        return float(str(sent).replace(" ", ""))
    except ValueError:
        return None


def _whole(form: dict[str, Any], name: str, default: int) -> int:
    value = _number(form.get(name, ""))
    return default if value is None else int(value)


FUNCTIONS = (submit_grading_form,)
