"""The web service functions that the sandbox knows, one module per area."""

from __future__ import annotations

from collections.abc import Mapping

from rpc_moodle.sandbox.functions import (
    advanced,
    assignments,
    courses,
    form,
    gradebook,
    grades,
    participants,
    status,
    submissions,
    users,
)
from rpc_moodle.sandbox.functions.base import Function


def table() -> Mapping[str, Function]:
    """Give every function by its name."""
    areas = (advanced, assignments, courses, form, gradebook, grades, participants, status, submissions, users)
    return {one.name: one for area in areas for one in area.FUNCTIONS}
