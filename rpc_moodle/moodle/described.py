"""Assignments with all that their page shows: introduction, attachments, dates; and finding one by what people say."""

from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Flag, Notice, Several, told
from rpc_moodle.moodle.values import Name, Row, Text, When

_CANDIDATES = 12
"""Assignments that an error names."""


class Attachment(Row):
    """A file of an assignment's introduction; ``filesize`` in bytes."""

    filename: str = ""
    filepath: str = "/"
    filesize: int = 0
    mimetype: Text = ""
    fileurl: str = ""


class DescribedAssignment(Row):
    """An assignment as its page shows it: ``id`` is the instance id, ``cmid`` the number in the page's address.

    ``intro`` is HTML. ``grade`` is the maximum in points, the negated id of a scale, or 0 for none; times are 0 where
    there is none.
    """

    id: int
    cmid: int
    course: int = 0
    name: Name = ""
    intro: Text = ""
    introattachments: Several[Attachment] = ()
    allowsubmissionsfromdate: When = None
    duedate: When = None
    cutoffdate: When = None
    gradingduedate: When = None
    timemodified: When = None
    grade: int = 0
    teamsubmission: Flag = False
    blindmarking: Flag = False
    markingworkflow: Flag = False
    submissiondrafts: Flag = False
    requiresubmissionstatement: Flag = False

    def with_links(self, link: Callable[[str], str]) -> "DescribedAssignment":
        """Return it with other addresses for its files."""
        linked = tuple(each.model_copy(update={"fileurl": link(each.fileurl)}) for each in self.introattachments)
        return self.model_copy(update={"introattachments": linked})


class _Course(Row):
    id: int
    assignments: Several[DescribedAssignment] = ()


class _Courses(Row):
    courses: Several[_Course] = ()
    warnings: Several[Notice] = ()


async def of_courses(moodle: MoodleClient, course_ids: Sequence[int]) -> tuple[list[DescribedAssignment], list[Notice]]:
    """Return the assignments of courses, and what Moodle has left out and why (``dated.as_student``).

    Raises MoodleError.
    """
    params = {"courseids": course_ids, "includenotenrolledcourses": True, **moodle.naming}
    answer = await moodle.call("mod_assign_get_assignments", params, into=_Courses)
    return [each for course in answer.courses for each in course.assignments], await told(answer.warnings, moodle.token)


def find(found: Iterable[DescribedAssignment], wanted: str) -> DescribedAssignment:
    """Return the one assignment that is meant: by its number, its exact name, or a part of one name in any case.

    The number is the one in the page's address. Raises NotFound, which names those that it could have been.
    """
    every = list(found)
    text = wanted.strip()
    tests: tuple[Callable[[DescribedAssignment], bool], ...] = (
        lambda each: text.isdecimal() and str(each.cmid) == text.lstrip("0"),
        lambda each: each.name == text,
        lambda each: each.name.casefold() == text.casefold(),
        lambda each: bool(text) and text.casefold() in each.name.casefold(),
    )
    for test in tests:
        fitting = [each for each in every if test(each)]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            raise _missing(f"Several assignments are called so: {_named(fitting)}. Say which by its number.")
    raise _missing(f"No assignment is called so; there are: {_named(every)}." if every else "There are no assignments.")


def matching(found: Iterable[DescribedAssignment], pattern: str) -> list[DescribedAssignment]:
    """Return the assignments whose name fits a pattern with ``*`` and ``?``, in any case."""
    return [each for each in found if fnmatchcase(each.name.casefold(), pattern.casefold())]


def _missing(text: str) -> errors.NotFound:
    return errors.NotFound(text, function="mod_assign_get_assignments")


def _named(several: Sequence[DescribedAssignment]) -> str:
    named = ", ".join(f"{each.name} ({each.cmid})" for each in several[:_CANDIDATES])
    return f"{named} and {len(several) - _CANDIDATES} more" if len(several) > _CANDIDATES else named
