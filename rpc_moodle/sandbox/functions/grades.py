"""``mod_assign_save_grade(s)``, ``mod_assign_get_grades`` and ``mod_assign_get_user_flags``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from rpc_moodle.sandbox.advanced import Answer
from rpc_moodle.sandbox.errors import invalid_parameter
from rpc_moodle.sandbox.functions.base import Call, function, gradable, warning
from rpc_moodle.sandbox.grading import Grader, Marks
from rpc_moodle.sandbox.params import OMITTED, Many, Struct, Value, boolean, integer, letters, number, text
from rpc_moodle.sandbox.people import GRADE
from rpc_moodle.sandbox.work import Assignment, Comment, Grade

_EDITOR: Final = Struct({"text": text(), "format": integer()}, OMITTED)
_PLUGINDATA: Final = Struct({"assignfeedbackcomments_editor": _EDITOR, "files_filemanager": integer(OMITTED)}, {})


def _form(answer: str, value: Value) -> Struct:
    filling: dict[str, Value | Struct | Many] = {
        "criterionid": integer(),
        answer: value,
        "remark": text(OMITTED),
        "remarkformat": integer(OMITTED),
    }
    criteria = Many(Struct({"criterionid": integer(), "fillings": Many(Struct(filling))}))
    return Struct({"criteria": criteria}, OMITTED)


_ADVANCED: Final = Struct({"rubric": _form("levelid", integer(OMITTED)), "guide": _form("score", number())}, {})
_MARKS: Final[dict[str, Value | Struct | Many]] = {
    "userid": integer(),
    "grade": number(),
    "attemptnumber": integer(),
    "addattempt": boolean(),
    "workflowstate": letters(),
    "plugindata": _PLUGINDATA,
    "advancedgradingdata": _ADVANCED,
}


def _marks(entry: dict[str, Any]) -> Marks:
    editor = entry["plugindata"].get("assignfeedbackcomments_editor")
    comment = Comment(editor["text"], editor["format"]) if editor else None
    answers = {
        one["criterionid"]: Answer(one.get("levelid", one.get("score")), one.get("remark", ""))
        for form in entry["advancedgradingdata"].values()
        for criterion in form["criteria"]
        for one in criterion["fillings"]
    }
    draft = entry["plugindata"].get("files_filemanager", 0)
    return Marks(
        entry["grade"],
        entry["attemptnumber"],
        entry["addattempt"],
        entry["workflowstate"],
        comment,
        answers,
        draft=draft,
    )


@function("mod_assign_save_grade", assignmentid=integer(), applytoall=boolean(), **_MARKS)
def save_grade(call: Call, params: dict[str, Any]) -> None:
    """Store grade, attempt, workflow state and comment of one user (``save.*``); always answers null."""
    assignment = call.assignment(params["assignmentid"])
    call.require(GRADE, assignment)
    Grader(call.site, assignment, call.user).save(params["userid"], _marks(params), apply_to_all=params["applytoall"])


@function("mod_assign_save_grades", assignmentid=integer(), applytoall=boolean(), grades=Many(Struct(_MARKS)))
def save_grades(call: Call, params: dict[str, Any]) -> None:
    """Store the same for many users, one after the other (``saves.bulk``); an error leaves the earlier ones stored."""
    assignment = call.assignment(params["assignmentid"])
    call.require(GRADE, assignment)
    if params["applytoall"] and assignment.teamsubmission:
        teams = [call.site.team_of(assignment, entry["userid"]) for entry in params["grades"]]
        if len(set(teams)) < len(teams):
            raise invalid_parameter()
    grader = Grader(call.site, assignment, call.user)
    for entry in params["grades"]:
        grader.save(entry["userid"], _marks(entry), apply_to_all=params["applytoall"])


@function("mod_assign_get_grades", assignmentids=Many(integer()), since=integer(0))
def get_grades(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List the grades of latest attempts, without comments (``grades.assign``)."""
    found, warnings = gradable(call, params["assignmentids"])
    refused = {one["itemid"] for one in warnings}
    answered = []
    for assignment in sorted(found, key=lambda one: one.id):
        rows = [describe(one) for one in _latest(assignment) if one.timemodified >= params["since"]]
        if rows:
            answered.append({"assignmentid": assignment.id, "grades": rows})
    missing = _missing(params["assignmentids"], answered, refused)
    warnings += [warning("assignment", one, "3", "No grades found") for one in missing]
    return {"assignments": answered, "warnings": warnings}


def _missing(wanted: list[int], answered: list[dict[str, Any]], refused: set[int]) -> list[int]:
    known = {one["assignmentid"] for one in answered} | refused
    return [instance for instance in wanted if instance not in known]


def _latest(assignment: Assignment) -> list[Grade]:
    rows = []
    for (userid, attempt), row in assignment.grades.items():
        submission = assignment.latest_of(userid)
        if submission and submission.attemptnumber == attempt:
            rows.append(row)
    return sorted(rows, key=lambda row: row.id)


def describe(row: Grade) -> dict[str, Any]:
    """Give a grade's columns; the grade itself is a string with five decimals, or null."""
    return {
        "id": row.id,
        "userid": row.userid,
        "attemptnumber": row.attemptnumber,
        "timecreated": row.timecreated,
        "timemodified": row.timemodified,
        "grader": row.grader,
        "grade": None if row.grade is None else f"{row.grade:.5f}",
    }


@function("mod_assign_get_user_flags", assignmentids=Many(integer()))
def get_user_flags(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List lock, extension and workflow state of those who have any (``flags``)."""
    found, warnings = gradable(call, params["assignmentids"])
    refused = {one["itemid"] for one in warnings}
    answered = [
        {"assignmentid": assignment.id, "userflags": [asdict(one) for one in assignment.flags.values()]}
        for assignment in found
        if assignment.flags
    ]
    missing = _missing(params["assignmentids"], answered, refused)
    warnings += [warning("assignment", one, "3", "No user flags found") for one in missing]
    return {"assignments": answered, "warnings": warnings}


FUNCTIONS = (get_grades, get_user_flags, save_grade, save_grades)
