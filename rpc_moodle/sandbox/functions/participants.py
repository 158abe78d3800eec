"""``mod_assign_list_participants``: who takes part, by name or, in blind marking, by number."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.errors import sees_nobody
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.functions.users import Viewer
from rpc_moodle.sandbox.params import boolean, integer, text
from rpc_moodle.sandbox.people import GRADE, User
from rpc_moodle.sandbox.work import SUBMITTED, Assignment, Grade, Submission


@function(
    "mod_assign_list_participants",
    assignid=integer(),
    groupid=integer(),
    filter=text(),
    skip=integer(0),
    limit=integer(0),
    onlyids=boolean(default=False),
    includeenrolments=boolean(default=True),
    tablesort=boolean(default=False),
)
def list_participants(call: Call, params: dict[str, Any]) -> list[dict[str, Any]]:
    """List the participants (``participants.*``); ``filter`` is matched against what the caller sees as the name."""
    site = call.site
    assignment = call.assignment(params["assignid"])
    course = site.courses[assignment.courseid]
    own = _groups_seen(call, assignment)
    if not call.may(GRADE, assignment) or (own is not None and not own):
        raise sees_nobody()
    if own is not None and params["groupid"] not in own:
        return []
    members = set(course.groups[params["groupid"]].members) if params["groupid"] in course.groups else None
    users = [
        site.users[userid]
        for userid in site.participants(assignment)
        if not params["groupid"] or (members is not None and userid in members)
    ]
    users.sort(key=lambda user: _order(assignment, user))
    viewer = Viewer(call, course)
    start, count = params["skip"], params["limit"]
    needle = params["filter"].casefold()
    named = [(user, _name(assignment, user)) for user in users]
    found = [(user, name) for user, name in named if needle in name.casefold()]
    answer = []
    for user, name in found[start : start + count if count else None]:
        shown: dict[str, Any] = {"id": user.id}
        if assignment.is_blind or params["onlyids"]:
            shown |= {"fullname": name, "recordid": _number(assignment, user.id)}
        else:
            shown |= _details(viewer, user, with_enrolments=params["includeenrolments"])
        shown |= _standing(call, assignment, user.id)
        answer.append(shown)
    return answer


def _groups_seen(call: Call, assignment: Assignment) -> set[int] | None:
    """Give the groups that the caller sees alone, None for everybody: where groups are separate, a tutor's own."""
    course = call.site.courses[assignment.courseid]
    place = course.enrolments.get(call.user.id)
    if not assignment.separate_groups or call.user.admin or place is None or "editingteacher" in place.roles:
        return None
    return {group.id for group in course.groups_of(call.user.id)}


def _number(assignment: Assignment, userid: int) -> int:
    return assignment.mappings.get(userid, -1) if assignment.is_blind else -1


def _name(assignment: Assignment, user: User) -> str:
    return f"Participant {_number(assignment, user.id)}" if assignment.is_blind else user.fullname


def _order(assignment: Assignment, user: User) -> tuple[Any, ...]:
    """Names are ordered by last name; blind ones by who submitted first, then by number (``participants.blind``)."""
    if not assignment.is_blind:
        return (user.lastname.casefold(), user.firstname.casefold(), user.id)
    submission = assignment.latest_of(user.id)
    if submission:
        return (0, submission.timecreated, submission.id)
    return (1, 0, _number(assignment, user.id))


def _details(viewer: Viewer, user: User, *, with_enrolments: bool) -> dict[str, Any]:
    shown: dict[str, Any] = {"firstname": user.firstname, "lastname": user.lastname, "fullname": user.fullname}
    shown |= {"email": user.email, "firstaccess": 0, "lastaccess": 0, "suspended": user.suspended}
    shown |= viewer.pictures() | {"recordid": -1}
    if user.id in viewer.groups:
        shown["groups"] = [
            {name: value for name, value in group.items() if name != "descriptionformat"}
            for group in viewer.groups[user.id]
        ]
    if with_enrolments:
        shown["roles"] = viewer.roles(viewer.course.enrolments[user.id])
        shown["enrolledcourses"] = viewer.courses(user.id)
    return shown


def _standing(call: Call, assignment: Assignment, userid: int) -> dict[str, Any]:
    submission = assignment.latest_of(userid)
    flags = assignment.flags.get(userid)
    shown = {
        "submitted": submission is not None and submission.status == SUBMITTED,
        "requiregrading": submission is not None
        and needs_grading(submission, assignment.grades.get((userid, submission.attemptnumber))),
        "grantedextension": bool(flags and flags.extensionduedate),
        "submissionstatus": submission.status if submission else "",
    }
    if assignment.teamsubmission and (group_id := call.site.team_of(assignment, userid)):
        name = call.site.courses[assignment.courseid].groups[group_id].name
        shown |= {"groupid": group_id, "groupname": name}
    return shown


def needs_grading(submission: Submission, grade: Grade | None) -> bool:
    """Tell whether it was submitted after its grade was last touched, or given none (``form.status_text_only``)."""
    return submission.status == SUBMITTED and (
        grade is None or grade.grade is None or submission.timemodified >= grade.timemodified
    )


FUNCTIONS = (list_participants,)
