"""What a student sees of an assignment in the gradebook."""

from typing import Required

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, Rows


class Item(TypedDict, total=False):
    """A grade item of one user.

    ``graderaw`` is the final grade, None for none; ``feedback`` is the text as
    Moodle keeps it for the gradebook, in the format that ``feedbackformat`` tells: the function formats a copy of it
    (``check_report_access`` and what follows in its public source), so plain text comes as it is;
    ``gradeformatted`` holds an icon where the item has a pass mark (``untilpass_later.1.before.gradebook``).
    """

    cmid: int | None
    itemmodule: str | None
    itemnumber: int | None
    graderaw: float | None
    gradeformatted: str | None
    feedback: str | None
    feedbackformat: int | None
    gradeishidden: bool | None
    gradeislocked: bool | None
    gradeisoverridden: bool | None


class _UserGrades(TypedDict, total=False):
    userid: Required[int]
    gradeitems: Rows[Item]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True, defer_build=True)

    usergrades: Rows[_UserGrades] = []


async def items(moodle: MoodleClient, assignment: Assignment, user: int = 0) -> dict[int, Item]:
    """Return the assignment's grade item of each user, or of one, by user id.

    One request tells of the whole course (``course.gradebook_all``).

    Raises AccessDenied where the account may not see the gradebook, and any other MoodleError.
    """
    function = "gradereport_user_get_grade_items"
    answer = await moodle.call(function, {"courseid": assignment.course, "userid": user}, into=_Answer, fresh=True)
    return {
        row["userid"]: item
        for row in answer.usergrades
        for item in row.get("gradeitems", [])
        if item.get("cmid") == assignment.cmid and not item.get("itemnumber")
    }
