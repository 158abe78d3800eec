"""What is measured: the calls, how many at a time, and the requests that a bare client makes for the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from upstream import BIG_ASSIGNMENT

from rpc_moodle.moodle.users import PAGE, USER_FIELDS
from rpc_moodle.sandbox.seed import BIG_COURSE, FIRST_OF_BIG

ASSIGNMENT_INSTANCE = 15
FEEDBACK = 300

Stages = Sequence[Sequence[str]]
"""Forms that are posted side by side, stage after stage."""


@dataclass(frozen=True)
class Case:
    """Calls of one kind; ``latency`` in seconds, ``rows`` the fewest of a reply, ``stages`` for a bare client."""

    kind: str
    users: int
    latency: float
    in_flight: int
    stages: Stages
    event: str
    payload: Mapping[str, Any]
    rows: int = 0
    sockets: int = 1
    own_keys: bool = True
    job: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        keys = "" if self.own_keys else ", one key"
        sockets = f", {self.sockets} sockets" if self.sockets > 1 else ""
        return f"{self.kind}, {self.latency * 1000:.0f} ms, {self.in_flight} in flight{sockets}{keys}"


def _form(function: str, **params: str | int) -> str:
    fields = {"wstoken": "TOKEN", "wsfunction": function, "moodlewsrestformat": "json"}
    return urlencode({**fields, **params})


def _users(count: int) -> list[str]:
    """Give the requests for all users of the big course: no more pages than they fill."""
    forms = []
    for start in range(0, count, PAGE):
        options: dict[str, str | int] = {
            "userfields": USER_FIELDS,
            "sortby": "id",
            "sortdirection": "ASC",
            "limitfrom": start,
            "limitnumber": PAGE,
        }
        params: dict[str, str | int] = {"courseid": BIG_COURSE, "moodlewssettingfilter": 1}
        for index, (name, value) in enumerate(options.items()):
            params |= {f"options[{index}][name]": name, f"options[{index}][value]": value}
        forms.append(_form("core_enrol_get_enrolled_users", **params))
    return forms


def users(count: int, latency: float, in_flight: int, *, sockets: int = 1, own_keys: bool = True) -> Case:
    """List the users of a course."""
    return Case(
        f"{count:,} users",
        count,
        latency,
        in_flight,
        [_users(count)],
        "getUsersFromCourse",
        {"courseID": BIG_COURSE},
        rows=count,
        sockets=sockets,
        own_keys=own_keys,
    )


def submissions(count: int, latency: float, in_flight: int, *, own_keys: bool = True) -> Case:
    """List the submissions of an assignment, a file each."""
    assignments = _form(
        "mod_assign_get_assignments",
        **{"courseids[0]": BIG_COURSE, "includenotenrolledcourses": 1, "moodlewssettingfilter": 1},
    )
    rows = _form("mod_assign_get_submissions", **{"assignmentids[0]": ASSIGNMENT_INSTANCE})
    return Case(
        f"{count:,} submissions",
        count,
        latency,
        in_flight,
        [[assignments], [rows, *_users(count)]],
        "getSubmissionsInfosFromAssignment",
        {"courseID": BIG_COURSE, "assignmentID": BIG_ASSIGNMENT},
        rows=count,
        own_keys=own_keys,
    )


def publication(latency: float) -> Case:
    """Publish feedback to many; the bare client posts what the service has posted before."""
    return Case(
        f"publication of {FEEDBACK}",
        500,
        latency,
        1,
        [],
        "publishAssignmentTextFeedback",
        {"courseID": BIG_COURSE, "assignmentID": BIG_ASSIGNMENT},
        job={"feedback": list(range(FIRST_OF_BIG, FIRST_OF_BIG + FEEDBACK)), "text": "You have worked well. " * 20},
    )


CASES = [
    *(users(500, latency, in_flight) for latency in (0, 0.05) for in_flight in (1, 16, 64)),
    *(users(500, latency, 64, own_keys=False) for latency in (0, 0.05)),
    users(500, 0, 64, sockets=8),
    *(users(5000, latency, in_flight) for latency in (0, 0.05) for in_flight in (1, 16)),
    users(5000, 0, 64),
    users(5000, 0, 16, own_keys=False),
    *(submissions(500, latency, in_flight) for latency in (0, 0.05) for in_flight in (1, 16, 64)),
    submissions(500, 0.05, 64, own_keys=False),
    *(submissions(5000, latency, in_flight) for latency in (0, 0.05) for in_flight in (1, 16)),
    publication(0.05),
]
