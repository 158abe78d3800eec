"""The web service functions that the sandbox knows, one module per area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rpc_moodle.sandbox.functions import (
    advanced,
    assignments,
    catalogue,
    completion,
    courses,
    form,
    gradebook,
    grades,
    groups,
    handing_in,
    marking,
    mobile,
    overview,
    participants,
    people,
    status,
    submissions,
    users,
)
from rpc_moodle.sandbox.functions.base import Function

_NEW: Final = {"mod_assign_remove_submission": "4.5"}
"""The releases that brought functions which the oldest one lacks (``student.remove``)."""


def table(release: str) -> Mapping[str, Function]:
    """Give every function that a release has by its name."""
    areas = (
        *(advanced, assignments, catalogue, completion, courses, form, gradebook, grades, groups, handing_in, marking),
        *(mobile, overview, participants, people, status, submissions, users),
    )
    known = (one for area in areas for one in area.FUNCTIONS)
    return {one.name: one for one in known if _NEW.get(one.name, "") <= release}
