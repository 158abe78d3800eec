"""Extensions of users, and until when somebody really may hand in."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.described import DescribedAssignment
from rpc_moodle.moodle.models import Flag, Notice, Several, Submission
from rpc_moodle.moodle.values import Row, Text, When, seconds_of
from rpc_moodle.moodle.wire import Params


class UserFlags(Row):
    """What is set for one user in an assignment (``dated.flags``)."""

    userid: int
    locked: Flag = False
    extensionduedate: When = None
    workflowstate: Text = ""
    allocatedmarker: int = 0


class Deadline(Row):
    """Until when a user may hand in without being late, and how late it was.

    ``holds`` is the extension where there is one, else the due date; ``submitted`` is when the latest attempt was
    changed last, 0 where none is handed in; ``minuteslate`` is 0 for one in time.
    """

    userid: int
    duedate: When = None
    extensionduedate: When = None
    holds: When = None
    submitted: When = None
    minuteslate: int = 0


class _Assignment(Row):
    assignmentid: int
    userflags: Several[UserFlags] = ()


class _Flags(Row):
    assignments: Several[_Assignment] = ()
    warnings: Several[Notice] = ()


class _Participant(Row):
    duedate: When = None


async def flags(moodle: MoodleClient, assignment_id: int) -> list[UserFlags]:
    """Return extension, lock and workflow state of the users that have any of them (``flags.none``).

    Raises AccessDenied where the account may not grade, and any other MoodleError.
    """
    function = "mod_assign_get_user_flags"
    answer = await moodle.call(function, {"assignmentids": [assignment_id]}, into=_Flags, fresh=True)
    if any(notice.warningcode != "3" for notice in answer.warnings):
        raise errors.AccessDenied(
            "The account of the API key may not read the flags: it needs the right to grade.", function=function
        )
    return [row for each in answer.assignments if each.assignmentid == assignment_id for row in each.userflags]


async def extend(moodle: MoodleClient, assignment_id: int, dates: Mapping[int, datetime | None]) -> dict[int, str]:
    """Set the extended due date of users, None clears it; return why not, for each whose it could not be.

    Moodle answers 200 with a warning for one before the due date (``dated.extension_too_early``), and names no user
    there but in its text: so every user is asked for in a request of its own where one of several fails.

    Raises MoodleError.
    """
    refused = await _extend(moodle, assignment_id, dates)
    if not refused:
        return {}
    if len(dates) == 1:
        return dict.fromkeys(dates, refused)
    told = {user: await _extend(moodle, assignment_id, {user: date}) for user, date in dates.items()}
    return {user: text for user, text in told.items() if text}


async def _extend(moodle: MoodleClient, assignment_id: int, dates: Mapping[int, datetime | None]) -> str:
    params: Params = {
        "assignmentid": assignment_id,
        "userids": list(dates),
        "dates": [seconds_of(date) for date in dates.values()],
    }
    warnings = await moodle.call("mod_assign_save_user_extensions", params, into=list[Notice])
    return f"{warnings[0].plain(moodle.token).message} It has to be after the due date." if warnings else ""


async def due_date(moodle: MoodleClient, assignment_id: int, user_id: int) -> datetime | None:
    """Return an assignment's due date for one user, with what is overridden for the user or a group of theirs.

    Raises NotFound for who takes no part, and any other MoodleError.
    """
    params = {"assignid": assignment_id, "userid": user_id, "embeduser": False}
    return (await moodle.call("mod_assign_get_participant", params, into=_Participant, fresh=True)).duedate


def deadlines(
    assignment: DescribedAssignment, set_flags: Sequence[UserFlags], submissions: Sequence[Submission]
) -> list[Deadline]:
    """Return until when each may hand in who has a submission or an extension, and how late each submission was."""
    extended = {row.userid: row.extensionduedate for row in set_flags if row.extensionduedate}
    handed_in = {row.userid: row.timemodified for row in submissions if row.userid and row.status == "submitted"}
    users = sorted(extended.keys() | {row.userid for row in submissions if row.userid})
    return [deadline(user, assignment.duedate, extended.get(user), handed_in.get(user, 0)) for user in users]


def deadline(user: int, due: datetime | None, extended: datetime | None, submitted: int) -> Deadline:
    """Return a user's deadline; ``submitted`` in Unix seconds, 0 for nothing handed in."""
    holds = extended or due
    late = max(0, submitted - seconds_of(holds)) if holds and submitted else 0
    return Deadline.model_validate(
        {
            "userid": user,
            "duedate": seconds_of(due),
            "extensionduedate": seconds_of(extended),
            "holds": seconds_of(holds),
            "submitted": submitted,
            "minuteslate": -(-late // 60),
        }
    )
