"""Submissions together with the people who made them."""

from collections.abc import Iterator

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.concurrent import both
from rpc_moodle.moodle.models import Assignment, EnrolledUser, File, Submission

People = dict[int, EnrolledUser]
"""Users by id."""


async def submissions_and_people(
    moodle: MoodleClient, assignment: Assignment, course_id: int
) -> tuple[list[Submission], People]:
    """Give the latest submissions, and the users of the course by id: nobody where marking is blind.

    Moodle shows real user ids even then (``submissions.blind``), so joining them with names is what must not be done.

    Raises MoodleError.
    """
    if assignment.anonymous:
        return await moodle.submissions(assignment), {}
    return await both(moodle.submissions(assignment), _people(moodle, course_id))


async def _people(moodle: MoodleClient, course_id: int) -> People:
    return {user["id"]: user async for user in moodle.enrolled_users(course_id)}


def files_of(row: Submission) -> Iterator[tuple[str, File]]:
    """Give the files of a submission, each with the name of its area."""
    for plugin in row.get("plugins", []):
        for area in plugin.get("fileareas", []):
            for file in area.get("files", []):
                yield area.get("area", ""), file
