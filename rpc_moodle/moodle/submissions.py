"""Submissions, and the people who made them."""

from collections.abc import Iterator

from rpc_moodle.moodle import errors, users
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment, EnrolledUser, File, Submission, Submissions
from rpc_moodle.moodle.wire import Value
from rpc_moodle.transport.allowance import Allowance
from rpc_moodle.transport.gather import both

ById = dict[int, EnrolledUser]
"""Users by id."""


async def latest(moodle: MoodleClient, assignment: Assignment, *, since: int = 0, status: str = "") -> list[Submission]:
    """List the latest attempts, a team's row and its members' rows alike (``submissions.team``).

    ``since`` in Unix seconds and ``status`` leave out what was changed before or has another status; of teams they
    leave out nothing, since Moodle would drop the rows of their members.

    A row that Moodle made because somebody looked at the user is left out (``reading.after.submissions``).

    Raises AnswerTooLarge for too many rows or files; AccessDenied where the account may not grade, NotFound where
    the assignment is gone:
    Moodle leaves the assignment out of its answer in both cases (``submissions.as_student``, ``.unknown``).
    """
    function = "mod_assign_get_submissions"
    params: dict[str, Value] = {"assignmentids": [assignment.id]}
    if since and not assignment.teamsubmission:
        params["since"] = since
    if status and not assignment.teamsubmission:
        params["status"] = status
    answer = await moodle.call(function, {"assignmentids": [assignment.id]}, into=Submissions)
    for found in answer.get("assignments", []):
        if found["assignmentid"] == assignment.id:
            rows = found.get("submissions", [])
            allowance = Allowance(moodle.http.answers)
            allowance.take_rows(len(rows))
            allowance.take_files(sum(map(files_in, rows)))
            return [row for row in rows if not untouched(row)]
    if answer.get("warnings"):
        raise errors.AccessDenied(
            "The account of the API key may not see the submissions: it needs the right to grade.",
            function=function,
        )
    raise errors.NotFound("The assignment is no longer there.", function=function)


async def submissions_and_people(
    moodle: MoodleClient, assignment: Assignment, course_id: int, *, since: int = 0, status: str = ""
) -> tuple[list[Submission], ById]:
    """Give the latest submissions, and the users of the course by id: nobody where marking is blind.

    Moodle shows real user ids even then (``submissions.blind``), so joining them with names is what must not be done.
    ``since`` and ``status`` as of :func:`latest`.

    Raises MoodleError.
    """
    if assignment.anonymous:
        return await latest(moodle, assignment, since=since, status=status), {}
    return await both(latest(moodle, assignment, since=since, status=status), _people(moodle, course_id))


async def _people(moodle: MoodleClient, course_id: int) -> ById:
    return {user.id: user async for rows in users.selected(moodle, course_id, users.Selection()) for user in rows}


def untouched(row: Submission) -> bool:
    """Tell whether a row has the status ``new`` and holds nothing: its user, or team, has never worked on it."""
    return row.status == "new" and not files_in(row) and not any(text.strip() for text in texts_of(row))


def texts_of(row: Submission) -> Iterator[str]:
    """Return the online texts of a submission."""
    for plugin in row.plugins:
        if plugin.type == "onlinetext":
            for field in plugin.editorfields:
                yield field.text


def files_in(row: Submission) -> int:
    """Return how many files a submission has."""
    count = 0
    for plugin in row.plugins:
        for area in plugin.fileareas:
            count += len(area.files)
    return count


def files_of(row: Submission) -> Iterator[tuple[str, File]]:
    """Give the files of a submission, each with the name of its area."""
    for plugin in row.plugins:
        for area in plugin.fileareas:
            for file in area.files:
                yield area.area, file
