"""A Moodle site in Moodle's own terms: users, assignments, participants, submissions."""

from collections.abc import AsyncIterator
from pathlib import Path

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.connection import Connection
from rpc_moodle.moodle.enrolment import enrolled
from rpc_moodle.moodle.fileurl import bare, file_url, is_of
from rpc_moodle.moodle.models import (
    Assignment,
    Assignments,
    Course,
    EnrolledUser,
    Mapping,
    Participant,
    SiteInfo,
    Submission,
    Submissions,
    UserMappings,
)
from rpc_moodle.moodle.save import Progress, Saved, save
from rpc_moodle.moodle.wire import Params

USER_FIELDS = "id,username,firstname,lastname,fullname,email,roles"


class MoodleClient(Connection):
    """The async Moodle client: ``async with MoodleClient(url, token) as moodle: …``.

    Every method raises MoodleError; see ``rpc_moodle.moodle.errors`` for the tree.
    """

    async def site_info(self) -> SiteInfo:
        """Ask who the token is and what it may do; AccessDenied where its service leaves this out."""
        return await self.call("core_webservice_get_site_info", into=SiteInfo)

    async def enrolled_users(
        self, course_id: int, *, with_capability: str | None = None, only_active: bool = False
    ) -> AsyncIterator[EnrolledUser]:
        """List the users of a course in the order of their ids, suspended enrolments included by default.

        Raises NotFound or AccessDenied for a course that the account cannot see.
        """
        options: dict[str, str | int] = {"userfields": USER_FIELDS}
        if with_capability:
            options["withcapability"] = with_capability
        if only_active:
            options["onlyactive"] = 1
        async for user in enrolled(self, course_id, list[EnrolledUser], options):
            yield user

    async def course(self, course_id: int) -> Course:
        """Get a course with its assignments, names filtered, also where the account is not enrolled.

        Raises NotFound: Moodle does not tell an unknown course from one that the account may not see
        (``assignments.unknown_course``, ``assignments.admin_not_enrolled``).
        """
        answer = await self.call(
            "mod_assign_get_assignments",
            {"courseids": [course_id], "includenotenrolledcourses": True, "moodlewssettingfilter": True},
            into=Assignments,
        )
        for course in answer.courses:
            if course.id == course_id:
                return course.model_copy(update={"left_out": answer.warnings})
        raise errors.NotFound(
            f"There is no course {course_id}, or the account of the API key is not enrolled in it.",
            function="mod_assign_get_assignments",
        )

    async def assignment(self, course_id: int, cmid: int) -> Assignment:
        """Find an assignment of a course by its course-module id, the number in its page's URL.

        Raises NotFound, with a hint where the number is an instance id.
        """
        course = await self.course(course_id)
        for assignment in course.assignments:
            if assignment.cmid == cmid:
                return assignment
        hint = next(
            (f" {cmid} is the instance id of the assignment {a.cmid}." for a in course.assignments if a.id == cmid), ""
        )
        raise errors.NotFound(
            f"Course {course_id} has no assignment {cmid} that the account may see; the number is the one in the "
            f"address of the assignment's page (mod/assign/view.php?id=…).{hint}",
            function="mod_assign_get_assignments",
        )

    async def participants(self, assignment: Assignment) -> list[Participant]:
        """List who takes part, submissions or not; needs ``mod_assign_list_participants`` in the service.

        Of each only ids and the name: all else is costly for the site (``participants.onlyids``).
        """
        params: Params = {"assignid": assignment.id, "groupid": 0, "filter": "", "onlyids": True}
        return await self.call("mod_assign_list_participants", params, into=list[Participant])

    async def user_mappings(self, assignment: Assignment) -> list[Mapping]:
        """List the participant numbers; none while nobody has submitted or been graded (``mappings.empty``)."""
        answer = await self.call("mod_assign_get_user_mappings", {"assignmentids": [assignment.id]}, into=UserMappings)
        return [
            mapping for found in answer.assignments if found.assignmentid == assignment.id for mapping in found.mappings
        ]

    async def submissions(self, assignment: Assignment) -> list[Submission]:
        """List the latest attempts, a team's row and its members' rows alike (``submissions.team``).

        Raises AccessDenied where the account may not grade, NotFound where the assignment is gone:
        Moodle leaves the assignment out of its answer in both cases (``submissions.as_student``, ``.unknown``).
        """
        function = "mod_assign_get_submissions"
        answer = await self.call(function, {"assignmentids": [assignment.id]}, into=Submissions)
        for found in answer.assignments:
            if found.assignmentid == assignment.id:
                return found.submissions
        if answer.warnings:
            raise errors.AccessDenied(
                "The account of the API key may not see the submissions: it needs the right to grade.",
                function=function,
            )
        raise errors.NotFound("The assignment is no longer there.", function=function)

    async def download(self, url: str, destination: str | Path, *, progress: Progress | None = None) -> Saved:
        """Fetch the file of a ``fileurl`` into ``destination``, proven by its SHA-1, unless it is there unchanged.

        Until it is proven it stands in ``<destination>.part``, which a later run resumes.

        Raises any MoodleError, InvalidSite for a file of another site; and OSError for what the disk refuses.
        """
        address = bare(file_url(url))
        if not is_of(address, self.site):
            raise errors.InvalidSite("The file URL belongs to another site than this one.")
        return await save(self.http, address, self.token, Path(destination), owner=self, progress=progress)
