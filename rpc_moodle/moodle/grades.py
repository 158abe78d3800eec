"""What is stored about the marking of an assignment: grades, workflow states, locks and comments."""

from decimal import Decimal
from typing import Required

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Flag, Notice, Plugin, Rows, Several
from rpc_moodle.moodle.values import decimal
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.allowance import Allowance


class GradeRow(TypedDict, total=False):
    """A stored grade; ``grade`` is a number as text, ``-1.00000`` where there is none (``save.ungraded.2_after``)."""

    id: int
    userid: Required[int]
    attemptnumber: int
    grade: str | None
    gradefordisplay: str | None
    timemodified: int


class FlagsRow(TypedDict, total=False):
    """The flags of a user: ``locked`` bars the student from submitting; ``workflowstate`` may be empty (``flags``)."""

    userid: Required[int]
    locked: Flag
    workflowstate: str | None


class Attempt(TypedDict, total=False):
    """The part of a submission that tells which attempt it is, whether it was handed in, and its files (``status``)."""

    attemptnumber: int
    status: str
    plugins: Rows[Plugin]


class LastAttempt(TypedDict, total=False):
    """The latest attempt; a team's submission is beside the user's own, and decides (``save.team_one.0_before``).

    ``gradingstatus`` is the workflow state where marking has a workflow (``save.workflow_released.2_after``).
    """

    submission: Attempt | None
    teamsubmission: Attempt | None
    locked: Flag
    graded: Flag
    gradingstatus: str


class Feedback(TypedDict, total=False):
    """Grade and comment of the latest attempt.

    ``grade`` is absent where only an earlier attempt has one (``save.attempts_latest.0_before``).
    """

    grade: GradeRow | None
    gradefordisplay: str | None
    plugins: Rows[Plugin]


class Previous(TypedDict, total=False):
    """An attempt before the latest, with its own grade and comment (``untilpass.1.after.status``)."""

    attemptnumber: int
    submission: Attempt | None
    grade: GradeRow | None
    feedbackplugins: Rows[Plugin]


class Status(TypedDict, total=False):
    """The answer of ``mod_assign_get_submission_status``.

    ``feedback`` is left out where there is neither grade nor comment, and where a workflow has not
    released them (``save.workflow_empty_state.2_after``): then it says nothing.
    """

    lastattempt: LastAttempt
    feedback: Feedback
    previousattempts: Rows[Previous]


class SubmissionRow(TypedDict, total=False):
    """What a submission tells of its marking; a team's own row has ``userid`` 0 (``submissions.team``)."""

    userid: int
    groupid: int
    attemptnumber: int
    status: str
    gradingstatus: str


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True)

    warnings: Several[Notice] = ()


class _AssignmentGrades(BaseModel):
    assignmentid: int
    grades: Rows[GradeRow] = []


class _Grades(_Answer):
    assignments: Several[_AssignmentGrades] = ()


class _AssignmentFlags(BaseModel):
    assignmentid: int
    userflags: Rows[FlagsRow] = []


class _Flags(_Answer):
    assignments: Several[_AssignmentFlags] = ()


class _AssignmentSubmissions(BaseModel):
    assignmentid: int
    submissions: Rows[SubmissionRow] = []


class _Submissions(_Answer):
    assignments: Several[_AssignmentSubmissions] = ()


def number(grade: str | None) -> Decimal | None:
    """Read a stored grade; None for none at all, which Moodle writes as a negative number or as nothing."""
    value = decimal(grade)
    return value if value is not None and value >= 0 else None


async def grades(moodle: MoodleClient, assignment: Assignment, *, since: int = 0) -> dict[int, GradeRow]:
    """Get the stored grade of each user's latest attempt, by user id; those changed ``since`` then, in Unix seconds.

    Moodle joins grades with the latest attempts: an attempt that nobody marked yet has no row, even
    if an earlier one was graded (``grades.assign``: assignment 7). A member of a team without a
    submission row of his own has no row either, graded or not.

    Raises AccessDenied where the account may not grade, and any other MoodleError.
    """
    function = "mod_assign_get_grades"
    params: Params = {"assignmentids": [assignment.id], "since": since or None}
    answer = await moodle.call(function, params, into=_Grades, fresh=True)
    _may_grade(answer, function)
    found: dict[int, GradeRow] = {}
    for listed in answer.assignments:
        for row in listed.grades if listed.assignmentid == assignment.id else ():
            known = found.get(row["userid"])
            if known is None or known.get("attemptnumber", 0) < row.get("attemptnumber", 0):
                found[row["userid"]] = row
    return found


async def flags(moodle: MoodleClient, assignment: Assignment) -> dict[int, FlagsRow]:
    """Get workflow state and lock by user id; users for whom neither was ever set are left out (``flags.none``).

    Raises AccessDenied where the account may not grade, and any other MoodleError.
    """
    function = "mod_assign_get_user_flags"
    answer = await moodle.call(function, {"assignmentids": [assignment.id]}, into=_Flags, fresh=True)
    _may_grade(answer, function)
    return {
        row["userid"]: row
        for listed in answer.assignments
        for row in (listed.userflags if listed.assignmentid == assignment.id else ())
    }


async def submission_rows(moodle: MoodleClient, assignment: Assignment) -> list[SubmissionRow]:
    """Get the latest attempts' grading status: ``graded`` or ``notgraded``, or the workflow state.

    Raises AccessDenied where the account may not grade, and any other MoodleError.
    """
    function = "mod_assign_get_submissions"
    answer = await moodle.call(function, {"assignmentids": [assignment.id]}, into=_Submissions, fresh=True)
    _may_grade(answer, function)
    return [row for listed in answer.assignments if listed.assignmentid == assignment.id for row in listed.submissions]


async def status(
    moodle: MoodleClient, assignment: Assignment, user_id: int, *, allowance: Allowance | None = None
) -> Status:
    """Get grade, comment and grading status of one user, texts as they are stored.

    ``allowance`` is what the answers about several users share.

    Without ``moodlewssettingraw`` Moodle gives texts as HTML, cleaned and converted; without
    ``moodlewssettingfileurl`` off it writes addresses of embedded files into them.

    Raises NotFound for a user who does not exist (``status.unknown_user``), and any other MoodleError.
    """
    return await moodle.call(
        "mod_assign_get_submission_status",
        {
            "moodlewssettingraw": True,
            "moodlewssettingfileurl": False,
            "assignid": assignment.id,
            "userid": user_id,
        },
        into=Status,
        fresh=True,
        allowance=allowance,
    )


def _may_grade(answer: _Answer, function: str) -> None:
    """Tell "no rows" (warning 3, ``grades.assign_none``) from "not for you" (warning 1)."""
    if any(notice.warningcode != "3" for notice in answer.warnings):
        raise errors.AccessDenied(
            "The account of the API key may not read the grades: it needs the right to grade.", function=function
        )
