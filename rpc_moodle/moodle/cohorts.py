"""Cohorts: the site-wide groups of users."""

from collections.abc import Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Known, Name, Row
from rpc_moodle.moodle.wire import Params
from rpc_moodle.transport.allowance import Allowance

_PAGE = 100

_AT_ONCE = 500
"""Cohorts of one request: of more than a thousand fields PHP drops the rest without a word."""


class CohortRow(Row):
    """A cohort."""

    id: int
    name: Name = ""
    idnumber: Name = ""
    visible: Known = None


class CohortMembers(Row):
    """Who is in a cohort."""

    cohortid: int
    userids: Several[int] = ()


class _Found(Row):
    cohorts: Several[CohortRow] = ()


async def cohorts(moodle: MoodleClient) -> list[CohortRow]:
    """Return the cohorts of the site; needs ``moodle/cohort:view`` for it (``cohorts.as_teacher``).

    Raises MoodleError.
    """
    return await moodle.call("core_cohort_get_cohorts", into=list[CohortRow])


async def search(moodle: MoodleClient, text: str) -> list[CohortRow]:
    """Return the site's cohorts in whose name or id number a text occurs, page by page. Raises MoodleError."""
    found: dict[int, CohortRow] = {}
    allowance = Allowance(moodle.http.answers)
    while True:
        params: Params = {
            "query": text,
            "context": {"contextlevel": "system", "instanceid": 0},
            "limitfrom": len(found),
            "limitnum": _PAGE,
        }
        rows = (await moodle.call("core_cohort_search_cohorts", params, into=_Found, allowance=allowance)).cohorts
        allowance.take_page(len(rows))
        fresh = {row.id: row for row in rows if row.id not in found}
        found |= fresh
        if len(fresh) < _PAGE:
            return list(found.values())


async def members(moodle: MoodleClient, cohort_ids: Sequence[int]) -> list[CohortMembers]:
    """Return who is in each of the cohorts (``cohorts.members``).

    Raises NotFound where one of them is not there, and any other MoodleError.
    """
    allowance = Allowance(moodle.http.answers)
    found: list[CohortMembers] = []
    for start in range(0, len(cohort_ids), _AT_ONCE):
        params: Params = {"cohortids": cohort_ids[start : start + _AT_ONCE]}
        function = "core_cohort_get_cohort_members"
        found += await moodle.call(function, params, into=list[CohortMembers], allowance=allowance)
    return found
