"""Who is on the site: users, roles, groups, enrolments, and the tokens and services that let programs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from rpc_moodle.sandbox.catalogue import Activity, Completed

GRADE: Final = "Grade assignment"
REVEAL: Final = "Reveal student identities"
MANAGE: Final = "Manage activities"
MANAGE_GROUPS: Final = "Manage groups"
OVERRIDE_COMPLETION: Final = "Override activity completion status"
REPORT_COMPLETION: Final = "View activity completion reports"
REVIEW_ROLES: Final = "Review permissions for others"
SUBMIT: Final = "Submit assignment"
VIEW_DETAILS: Final = "View user details"
VIEW_HIDDEN: Final = "View hidden activities"

_TUTOR: Final = frozenset({GRADE, OVERRIDE_COMPLETION, REPORT_COMPLETION, REVIEW_ROLES, VIEW_DETAILS, VIEW_HIDDEN})

ROLE_CAPABILITIES: Final = {
    "editingteacher": _TUTOR | {REVEAL, MANAGE, MANAGE_GROUPS},
    "teacher": _TUTOR,
    "student": frozenset({SUBMIT}),
}
"""What Moodle's standard roles may do, as far as the sandbox asks; capabilities by the name that errors show."""

CAPABILITY_NAMES: Final = {
    "mod/assign:grade": GRADE,
    "mod/assign:releasegrades": MANAGE,  # both are given to editing teachers, and not to others
    "mod/assign:revealidentities": REVEAL,
    "mod/assign:submit": SUBMIT,
    "moodle/course:manageactivities": MANAGE,
    "moodle/role:review": REVIEW_ROLES,
    "moodle/user:viewdetails": VIEW_DETAILS,
    "moodle/course:viewhiddenactivities": VIEW_HIDDEN,
}


@dataclass
class User:
    """A user account; ``email_hidden`` keeps the e-mail from fellow students (``users.course.as_student``)."""

    id: int
    username: str
    firstname: str
    lastname: str
    email: str
    password: str = ""
    idnumber: str = ""
    email_hidden: bool = False
    suspended: bool = False
    admin: bool = False
    description: str = ""

    @property
    def fullname(self) -> str:
        """First and last name."""
        return f"{self.firstname} {self.lastname}"


@dataclass
class Role:
    """A role; ``name`` is empty for the standard ones (``users.course.default``)."""

    id: int
    shortname: str
    name: str = ""


@dataclass
class Enrolment:
    """A user's place in a course; ``active`` is false while the enrolment is suspended."""

    userid: int
    roles: list[str]
    active: bool = True

    def may(self, capability: str) -> bool:
        """Tell whether one of the roles carries the capability."""
        return any(capability in ROLE_CAPABILITIES.get(role, ()) for role in self.roles)


@dataclass
class Group:
    """A group of a course."""

    id: int
    name: str
    members: list[int] = field(default_factory=list)
    description: str = ""


@dataclass
class Course:
    """A course with its enrolments by user id, in the order of user ids.

    ``sortorder`` is its place among all courses, ``contextid`` the number in the addresses of its files; ``criteria``
    are the course-module ids that complete it; ``completed`` is by user id and course-module id, ``lastaccess`` by
    user id in Unix seconds. ``gradecategory`` and ``gradeitem`` are the ids of its total in the gradebook, ``section``
    that of its first one; ``completion`` is how the completion of its assignments is tracked. ``maxbytes`` limits its
    files, 0 for as much as the site takes.
    """

    id: int
    fullname: str
    shortname: str
    timemodified: int = 0
    gradecategory: int = 1
    gradeitem: int = 0
    section: int = 1
    completion: int = 1
    enrolments: dict[int, Enrolment] = field(default_factory=dict)
    groups: dict[int, Group] = field(default_factory=dict)
    idnumber: str = ""
    maxbytes: int = 0
    category: int = 1
    sortorder: int = 0
    contextid: int = 0
    startdate: int = 0
    enddate: int = 0
    visible: bool = True
    enablecompletion: bool = False
    criteria: tuple[int, ...] = ()
    activities: list[Activity] = field(default_factory=list)
    completed: dict[tuple[int, int], Completed] = field(default_factory=dict)
    lastaccess: dict[int, int] = field(default_factory=dict)

    def groups_of(self, userid: int) -> list[Group]:
        """Give the groups that a user is a member of."""
        return [group for group in self.groups.values() if userid in group.members]

    def submitters(self, *, active: bool) -> list[int]:
        """Give the ids of those who may submit assignments, suspended enrolments only if not ``active``."""
        return [
            place.userid for place in self.enrolments.values() if place.may(SUBMIT) and (place.active or not active)
        ]


@dataclass
class Service:
    """An external service: the functions its tokens may call, and whether they may download."""

    shortname: str
    functions: frozenset[str]
    downloadfiles: bool = True
    uploadfiles: bool = False
    enabled: bool = True


@dataclass
class Token:
    """A token of a user for a service; an ``expires`` in the past works once more, as a refusal (``token.expired``)."""

    value: str
    userid: int
    service: str
    expires: int = 0
    address: str = ""
