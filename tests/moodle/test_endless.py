"""A listing that a site never ends."""

from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

import pytest
from aioresponses import CallbackResult, aioresponses

from rpc_moodle.moodle import MoodleClient, cohorts, course_groups, courses, errors
from rpc_moodle.moodle.categories import CategoryRow
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.entries import Entry
from rpc_moodle.moodle.publishing.keys import Key
from rpc_moodle.moodle.publishing.reader import Reader
from rpc_moodle.transport.allowance import AnswerLimits
from tests.moodle.conftest import REST

List = Callable[[MoodleClient], Awaitable[Any]]


@pytest.fixture
def endless(site: aioresponses) -> None:
    """Answers that always have something new."""
    fresh = count(1)

    def more(*_: object, **__: object) -> CallbackResult:
        rows = [{"id": next(fresh)} for _ in range(100)]
        return CallbackResult(payload={"courses": rows, "cohorts": rows, "total": 10**9})

    site.post(REST, callback=more, repeat=True)


@pytest.mark.timeout(20)
@pytest.mark.usefixtures("endless")
@pytest.mark.parametrize(
    "listing",
    [
        lambda moodle: courses.search(moodle, "a"),
        lambda moodle: cohorts.search(moodle, "a"),
        lambda moodle: courses._of_categories(moodle, [CategoryRow(id=each) for each in range(9)], 1),
    ],
    ids=["courses", "cohorts", "courses of categories"],
)
async def test_it_is_too_large(listing: List, moodle: MoodleClient) -> None:
    moodle.http.answers = AnswerLimits(bytes=8000, pages=10)
    with pytest.raises(errors.AnswerTooLarge):
        await listing(moodle)


async def test_what_is_told_of_the_users_of_a_wave_has_a_limit_together(
    site: aioresponses, moodle: MoodleClient
) -> None:
    site.post(REST, payload={"feedback": {"gradefordisplay": "x" * 900}}, repeat=True)
    moodle.http.answers = AnswerLimits(bytes=1000)

    async def gate(call: Callable[[], Awaitable[Any]]) -> Any:
        return await call()

    reader = Reader(moodle, Assignment(id=1, cmid=1), Key(moodle, gate), one_by_one=True)
    found = await reader._statuses([entry.user_id for entry in map(Entry, range(5))])
    assert [isinstance(each, errors.AnswerTooLarge) for each in found.values()] == [False] * 4 + [True]


@pytest.mark.parametrize("area", [course_groups, cohorts], ids=["groups", "cohorts"])
async def test_members_of_many_are_asked_for_in_requests_that_php_reads(
    site: aioresponses, moodle: MoodleClient, area: Any
) -> None:
    asked: list[int] = []

    def answer(_url: object, *, data: bytes, **_: object) -> CallbackResult:
        asked.append(data.count(b"ids%5B"))
        return CallbackResult(body=f'[{{"groupid": 1, "cohortid": 1, "userids": [{len(asked)}]}}]')

    site.post(REST, callback=answer, repeat=True)
    found = await area.members(moodle, list(range(1, 1102)))
    assert asked == [500, 500, 101]
    assert [each.userids for each in found] == [(1,), (2,), (3,)]
