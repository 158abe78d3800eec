"""How an assignment is graded, and what a given grade is there."""

from decimal import Decimal

import pytest
from aioresponses import aioresponses

from rpc_moodle.moodle import MoodleClient, errors
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.conditions import scheme
from rpc_moodle.moodle.publishing.grading import OutOfRange, Scheme
from tests.moodle.conftest import REST
from tests.support import VERSIONS, body_of, exchanges

ACCESS = {"exception": "webservice_access_exception", "errorcode": "accessexception", "message": "no"}
SCALE = Scheme(is_scale=True, items=("Bad", "Ok", "Great"), method="")


@pytest.mark.parametrize("version", VERSIONS)
async def test_direct_grading_is_read_from_the_course_module(
    site: aioresponses,
    moodle: MoodleClient,
    version: str,
) -> None:
    site.post(REST, body=body_of(exchanges(version)["course.module"]))
    assert await scheme(moodle, Assignment(id=1, cmid=8, grade=100)) == Scheme(Decimal(100), method="")


async def test_rubric_and_scale_are_read_from_the_course_module(
    site: aioresponses,
    moodle: MoodleClient,
) -> None:
    advanced = [{"area": "submissions", "method": "rubric"}]
    site.post(REST, payload={"cm": {"id": 15, "scale": "Bad, Ok,Great", "advancedgrading": advanced}})
    found = await scheme(moodle, Assignment(id=8, cmid=15, grade=-3))
    assert found == Scheme(is_scale=True, items=("Bad", "Ok", "Great"), method="rubric")


async def test_who_may_not_manage_activities_reads_the_method_from_its_definition(
    site: aioresponses,
    moodle: MoodleClient,
) -> None:
    site.post(REST, payload={"cm": {"id": 8, "name": "Essay"}})
    site.post(REST, payload={"areas": [{"cmid": 8, "activemethod": "guide", "definitions": []}], "warnings": []})
    assert (await scheme(moodle, Assignment(id=1, cmid=8, grade=100))).method == "guide"


async def test_a_method_that_nobody_tells_is_unknown(
    site: aioresponses,
    moodle: MoodleClient,
) -> None:
    site.post(REST, payload=ACCESS, repeat=True)
    assert (await scheme(moodle, Assignment(id=1, cmid=8, grade=100))).method is None


async def test_an_unknown_token_is_an_error(site: aioresponses, moodle: MoodleClient) -> None:
    site.post(REST, payload=ACCESS | {"errorcode": "invalidtoken"})
    with pytest.raises(errors.InvalidToken):
        await scheme(moodle, Assignment(id=1, cmid=8, grade=100))


@pytest.mark.parametrize(
    ("given", "expected"), [("Great", 3), (" great ", 3), ("2", 2), (Decimal(1), 1), (Decimal("3.0"), 3)]
)
def test_an_item_of_a_scale_is_a_name_or_a_number(given: Decimal | str, expected: int) -> None:
    assert SCALE.resolve(given) == expected


@pytest.mark.parametrize("given", ["Superb", "0", "4", Decimal(4), Decimal("1.5"), Decimal("NaN"), ""])
def test_what_is_no_item_of_a_scale_is_refused(given: Decimal | str) -> None:
    with pytest.raises(OutOfRange):
        SCALE.resolve(given)


def test_an_item_named_by_a_number_is_meant_by_its_name() -> None:
    assert Scheme(is_scale=True, items=("5", "4", "3", "2", "1")).resolve("5") == 1


def test_points_are_not_converted_to_a_scale() -> None:
    with pytest.raises(OutOfRange, match="name the item"):
        SCALE.resolve(Decimal(2), Decimal(15))
    assert SCALE.resolve("Great", Decimal(15)) == 3


def test_points_are_rounded_to_what_moodle_stores() -> None:
    points = Scheme(Decimal(100), method="")
    assert points.resolve(Decimal("0.000005")) == Decimal("0.00001")
    assert points.resolve(Decimal(1), Decimal(3)) == Decimal("33.33333")
    assert points.resolve(Decimal(3), Decimal(3)) == 100
