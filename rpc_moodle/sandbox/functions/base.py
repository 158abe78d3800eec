"""What a web service function is, and the checks that many share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rpc_moodle.sandbox.errors import (
    course_not_accessible,
    login_required,
    missing_record,
    missing_unknown_record,
    no_permission,
)
from rpc_moodle.sandbox.params import Many, Struct, Value
from rpc_moodle.sandbox.people import GRADE, VIEW_HIDDEN, Course, User
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import Assignment


@dataclass(frozen=True)
class Call:
    """One call: who asks what site, under which address, and how the answer is to be written."""

    site: Site
    user: User
    url: str
    token: str
    raw: bool = False
    filter: bool = False

    @property
    def picture(self) -> str:
        """Address of the picture everybody has, without its size."""
        return f"{self.url}/theme/image.php/boost/core/{self.site.seeded}/u/"

    def may(self, capability: str, assignment: Assignment) -> bool:
        """Tell whether the caller has the capability in the assignment."""
        return self.site.may(self.user, capability, self.site.courses[assignment.courseid])

    def can_enter(self, assignment: Assignment) -> bool:
        """Tell whether the caller may open the assignment; a hidden one only with the right to see it."""
        course = self.site.courses[assignment.courseid]
        return self.site.can_enter(self.user, course) and (assignment.visible or self.may(VIEW_HIDDEN, assignment))

    def assignment(self, instance: int) -> Assignment:
        """Find an assignment by instance id that the caller may open.

        Raises:
            MoodleError: ``invalidrecord`` for an unknown id, ``requireloginerror`` without access.

        """
        assignment = self.site.assignments.get(instance)
        if assignment is None:
            raise missing_record("assign")
        if not self.can_enter(assignment):
            raise login_required()
        return assignment

    def require(self, capability: str, assignment: Assignment) -> None:
        """Refuse with ``nopermissions`` unless the caller has the capability in the assignment."""
        if not self.may(capability, assignment):
            raise no_permission(capability)


Handler = Callable[[Call, dict[str, Any]], Any]


@dataclass(frozen=True)
class Function:
    """A web service function: its name, its parameters, and what it does with checked ones."""

    name: str
    params: Struct
    run: Handler


def function(name: str, /, **params: Value | Struct | Many) -> Callable[[Handler], Function]:
    """Turn a handler into a ``Function`` with these parameters."""
    return lambda handler: Function(name, Struct(params), handler)


def entered(call: Call, course_id: int) -> Course:
    """Find a course that the caller may enter.

    Raises:
        MoodleError: ``invalidrecord`` for an unknown one, ``errorcoursecontextnotvalid`` without access.

    """
    course = call.site.courses.get(course_id)
    if course is None:
        raise missing_unknown_record() if call.site.release == "5.0" else missing_record("course")
    if not call.site.can_enter(call.user, course):
        raise course_not_accessible(course_id)
    return course


def warning(item: str, itemid: int, code: str, message: str) -> dict[str, Any]:
    """Give a warning as it stands in an answer."""
    return {"item": item, "itemid": itemid, "warningcode": code, "message": message}


def gradable(call: Call, wanted: list[int], capability: str = GRADE) -> tuple[list[Assignment], list[dict[str, Any]]]:
    """Split asked instance ids into assignments that the caller may grade and warnings about the others.

    Unknown ids are in neither (``submissions.unknown``).
    """
    found, warnings = [], []
    for instance in wanted:
        assignment = call.site.assignments.get(instance)
        if assignment is None:
            continue
        if call.can_enter(assignment) and call.may(capability, assignment):
            found.append(assignment)
        else:
            warnings.append(warning("assignment", instance, "1", "No access rights in module context"))
    return found, warnings
