"""The web service functions that the sandbox knows, one module per area."""

from __future__ import annotations

from collections.abc import Mapping

from rpc_moodle.sandbox.functions import (
    assignments,
    catalogue,
    completion,
    courses,
    gradebook,
    grades,
    groups,
    handing_in,
    marking,
    mobile,
    participants,
    people,
    status,
    submissions,
    users,
)
from rpc_moodle.sandbox.functions.base import Function


def table() -> Mapping[str, Function]:
    """Give every function by its name."""
    areas = (
        *(assignments, catalogue, completion, courses, gradebook, grades, groups, handing_in, marking, mobile),
        *(participants, people, status, submissions, users),
    )
    return {one.name: one for area in areas for one in area.FUNCTIONS}
