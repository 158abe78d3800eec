"""The whole site as data: plain attributes that tests read and change."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from rpc_moodle.sandbox.catalogue import Category, Cohort, Draft
from rpc_moodle.sandbox.faults import Fault, Harm
from rpc_moodle.sandbox.moopanel.panel import Panel
from rpc_moodle.sandbox.people import SUBMIT, Course, Enrolment, Role, Service, Token, User
from rpc_moodle.sandbox.switchboard import Switchboard
from rpc_moodle.sandbox.work import NEW, Assignment

if TYPE_CHECKING:  # a function is called with the site
    from rpc_moodle.sandbox.functions.base import Function

REMEMBERED: Final = 10_000
"""Requests that ``Site.requests`` keeps."""


class Mode(StrEnum):
    """What the administrator has done to the site (``site.*``)."""

    NORMAL = "normal"
    REST_DISABLED = "rest_disabled"
    WEBSERVICES_DISABLED = "webservices_disabled"
    MAINTENANCE = "maintenance"
    CLI_MAINTENANCE = "cli_maintenance"


@dataclass(frozen=True)
class Seen:
    """A request that arrived; ``function`` is empty for scripts and files, ``form`` holds query and body."""

    method: str
    path: str
    function: str
    token: str
    form: dict[str, str]


@dataclass
class Ids:
    """The next free ids, one count per table for the whole site, as in Moodle's database."""

    submission: int = 1
    grade: int = 1
    flags: int = 1
    mapping: int = 1
    instance: int = 1
    filling: dict[str, int] = field(default_factory=lambda: {"rubric": 1, "guide": 1})


@dataclass
class Site:
    """One Moodle; ``release`` is ``4.4``, ``4.5`` or ``5.0``.

    ``fault``, if set, is asked about every request and says what goes wrong with it; else the rules of ``faults`` do.
    ``costs`` are seconds that a function keeps the site's one worker for it, by the function's name: two requests for
    it wait for each other. ``functions`` are those of plugins. ``cohort_roles`` are the cohorts that a user looks
    after. ``stopped``, if set, is what ``now`` answers, Unix seconds.
    """

    release: str = "4.5"
    name: str = "Reference Moodle"
    mode: Mode = Mode.NORMAL
    max_input_vars: int = 5000
    users: dict[int, User] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    courses: dict[int, Course] = field(default_factory=dict)
    assignments: dict[int, Assignment] = field(default_factory=dict)
    scales: dict[int, list[str]] = field(default_factory=dict)
    categories: dict[int, Category] = field(default_factory=dict)
    cohorts: dict[int, Cohort] = field(default_factory=dict)
    drafts: dict[int, Draft] = field(default_factory=dict)
    services: dict[str, Service] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    cohort_roles: dict[int, list[int]] = field(default_factory=dict)
    ids: Ids = field(default_factory=Ids)
    seeded: int = 0
    stopped: int = 0
    fault: Callable[[Seen], Fault | Harm] | None = None
    faults: Switchboard = field(default_factory=Switchboard)
    panel: Panel = field(default_factory=Panel)
    costs: dict[str, float] = field(default_factory=dict)
    requests: deque[Seen] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def now(self) -> int:
        """Give the time in Unix seconds, never before the seeded content was made."""
        return self.stopped or max(int(time.time()), self.seeded + 10)

    def by_cmid(self, cmid: int) -> Assignment | None:
        """Find an assignment by the number in its page's URL."""
        return next((one for one in self.assignments.values() if one.cmid == cmid), None)

    def by_context(self, context_id: int) -> Assignment | None:
        """Find an assignment by its context, the first number in a file's URL."""
        return next((one for one in self.assignments.values() if one.contextid == context_id), None)

    def place(self, user: User, course: Course) -> Enrolment | None:
        """Give the user's active enrolment in the course."""
        place = course.enrolments.get(user.id)
        return place if place and place.active else None

    def may(self, user: User, capability: str, course: Course) -> bool:
        """Tell whether the user has the capability in the course; an administrator has all but submitting."""
        if user.admin:
            return capability != SUBMIT
        place = self.place(user, course)
        return place is not None and place.may(capability)

    def can_enter(self, user: User, course: Course) -> bool:
        """Tell whether the user may enter the course."""
        return user.admin or self.place(user, course) is not None

    def courses_of(self, userid: int) -> list[Course]:
        """Give the courses of a user's active enrolments, in the order of the site (``courses.of_user``)."""
        found = [
            course
            for course in self.courses.values()
            if (place := course.enrolments.get(userid)) is not None and place.active
        ]
        return sorted(found, key=lambda course: (course.sortorder, -course.id))

    def takes_part(self, assignment: Assignment, userid: int) -> bool:
        """Tell whether a user is actively enrolled and may submit, or has submitted."""
        place = self.courses[assignment.courseid].enrolments.get(userid)
        if place is None or not place.active:
            return False
        return place.may(SUBMIT) or any(one.status != NEW for one in assignment.attempts.get((userid, 0), ()))

    def participants(self, assignment: Assignment) -> list[int]:
        """Give the ids of those who take part."""
        enrolled = self.courses[assignment.courseid].enrolments
        return [userid for userid in enrolled if self.takes_part(assignment, userid)]

    def team_of(self, assignment: Assignment, userid: int) -> int:
        """Give the group that a user submits with: 0, the default team, unless in exactly one group."""
        groups = self.courses[assignment.courseid].groups_of(userid)
        return groups[0].id if len(groups) == 1 else 0

    def team_members(self, assignment: Assignment, groupid: int) -> list[int]:
        """Give the active members of a team, who are in no other group; of the default team, those without a team."""
        course = self.courses[assignment.courseid]
        if groupid:
            members = course.groups[groupid].members
            own = [one for one in members if self.team_of(assignment, one) == groupid]
            return [one for one in own if (place := course.enrolments.get(one)) is not None and place.active]
        return [one for one in self.participants(assignment) if not self.team_of(assignment, one)]

    def number_participants(self, assignment: Assignment) -> None:
        """Give every participant without one a blind-marking number, in an order that tells nothing.

        Moodle does so when the first of them submits or is graded; until then there are no mappings at all
        (``mappings.empty``).
        """
        course = self.courses[assignment.courseid]
        waiting = [userid for userid in course.submitters(active=False) if userid not in assignment.mappings]
        for userid in sorted(waiting, key=lambda one: blake2b(f"{assignment.id}:{one}".encode()).digest()):
            assignment.mappings[userid] = self.ids.mapping
            self.ids.mapping += 1
