"""The participants' numbers of an assignment, as Moodle writes them into the names of what it gives out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from rpc_moodle.app import create_http
from rpc_moodle.cli.access import Access
from rpc_moodle.cli.generated import OF_A_PERSON
from rpc_moodle.moodle import MoodleClient, assignments
from rpc_moodle.moodle.errors import AccessDenied
from rpc_moodle.moodle.participants import user_mappings
from rpc_moodle.settings import Settings


@dataclass(frozen=True, slots=True)
class Numbers:
    """The user behind each number, None where they cannot be read.

    ``teams``: groups hand in, and Moodle writes their numbers in place of those.
    """

    users: Mapping[int, int] | None
    teams: bool


def numbers(allowed: Access, course: int, cmid: int) -> Numbers:
    """Ask for the numbers. Raises any MoodleError but that they may not be read."""
    return asyncio.run(_numbers(allowed, course, cmid))


async def _numbers(allowed: Access, course: int, cmid: int) -> Numbers:
    chosen = Settings().model_copy(update=OF_A_PERSON)
    async with create_http(chosen) as http, MoodleClient(allowed.url, allowed.token, http=http) as moodle:
        assignment = await assignments.assignment(moodle, course, cmid)
        try:
            rows = await user_mappings(moodle, assignment)
        except AccessDenied:
            return Numbers(None, assignment.teamsubmission)
    return Numbers({row["id"]: row["userid"] for row in rows}, assignment.teamsubmission)
