"""How an assignment is graded, and what a given grade is there."""

from decimal import Decimal

import pytest
from aioresponses import aioresponses

from rpc_moodle.moodle import MoodleClient, errors
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.conditions import scheme
from rpc_moodle.moodle.publishing.entries import Criterion, Filling
from rpc_moodle.moodle.publishing.grading import Form, FormCriterion, OutOfRange, Scheme, TwoReadings
from rpc_moodle.moodle.values import decimal
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
    assert await scheme(moodle, Assignment(id=1, cmid=8, grade=100)) == Scheme(
        Decimal(100), method="", pass_grade=Decimal(0)
    )


async def test_rubric_and_scale_are_read_from_the_course_module(
    site: aioresponses,
    moodle: MoodleClient,
) -> None:
    advanced = [{"area": "submissions", "method": "rubric"}]
    site.post(REST, payload={"cm": {"id": 15, "scale": "Bad, Ok,Great", "advancedgrading": advanced}})
    site.post(REST, payload=ACCESS)
    found = await scheme(moodle, Assignment(id=8, cmid=15, grade=-3))
    assert found == Scheme(is_scale=True, items=("Bad", "Ok", "Great"), method="rubric")


async def test_who_may_not_manage_activities_reads_the_method_from_its_definition(
    site: aioresponses,
    moodle: MoodleClient,
) -> None:
    site.post(REST, payload={"cm": {"id": 8, "name": "Essay"}})
    criteria = [{"id": 3, "shortname": "A", "maxscore": 10}]
    definition = {"id": 4, "method": "guide", "status": 20, "guide": {"guide_criteria": criteria}}
    area = {"cmid": 8, "activemethod": "guide", "definitions": [definition]}
    site.post(REST, payload={"areas": [area], "warnings": []})
    found = await scheme(moodle, Assignment(id=1, cmid=8, grade=100))
    assert (found.method, found.form) == ("guide", Form(4, "guide", (FormCriterion(3, "A", {}, Decimal(10)),)))


async def test_a_form_that_is_not_ready_is_none_and_moodle_grades_directly(
    site: aioresponses,
    moodle: MoodleClient,
) -> None:
    site.post(REST, payload={"cm": {"id": 8, "advancedgrading": [{"area": "submissions", "method": "rubric"}]}})
    area = {"cmid": 8, "activemethod": "rubric", "definitions": [{"id": 4, "method": "rubric", "status": 10}]}
    site.post(REST, payload={"areas": [area], "warnings": []})
    found = await scheme(moodle, Assignment(id=1, cmid=8, grade=100))
    assert (found.method, found.form) == ("", None)


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
    assert Scheme(is_scale=True, items=("10", "20", "30")).resolve("10") == 1


@pytest.mark.parametrize("given", ["1", Decimal(1), Decimal("1.0"), " 1 "])
def test_what_is_an_items_name_and_another_ones_number_is_refused_with_both(given: Decimal | str) -> None:
    scale = Scheme(is_scale=True, items=("6", "5", "4", "3", "2", "1"))
    with pytest.raises(TwoReadings, match="scaleItem: 6 or scaleItem: 1"):
        scale.resolve(given)


def test_a_scales_item_can_be_given_by_its_number_alone() -> None:
    scale = Scheme(is_scale=True, items=("6", "5", "4"))
    assert scale.item(1) == 1
    with pytest.raises(OutOfRange, match="no item 4"):
        scale.item(4)
    with pytest.raises(OutOfRange, match="not graded by a scale"):
        Scheme(Decimal(100)).item(1)


@pytest.mark.parametrize("given", ["gut", "Good"])
def test_an_item_is_called_by_its_name_in_any_language(given: str) -> None:
    markup = '<span lang="de" class="multilang">gut</span><span lang="en" class="multilang">good</span>'
    scale = Scheme(is_scale=True, items=("<b>bad</b>", markup))
    assert scale.resolve(given) == 2
    assert scale.resolve("bad") == 1


@pytest.mark.parametrize("given", ["good", Decimal(2)])
def test_without_the_items_of_a_scale_nothing_is_a_grade(given: Decimal | str) -> None:
    with pytest.raises(OutOfRange, match="core_course_get_course_module"):
        Scheme(is_scale=True).resolve(given)
    with pytest.raises(OutOfRange, match="core_course_get_course_module"):
        Scheme(is_scale=True).item(1)


def test_points_are_not_converted_to_a_scale() -> None:
    with pytest.raises(OutOfRange, match="name the item"):
        SCALE.resolve(Decimal(2), Decimal(15))
    assert SCALE.resolve("Great", Decimal(15)) == 3


def test_points_are_rounded_to_what_moodle_stores() -> None:
    points = Scheme(Decimal(100), method="")
    assert points.resolve(Decimal("0.000005")) == Decimal("0.00001")
    assert points.resolve(Decimal(1), Decimal(3)) == Decimal("33.33333")
    assert points.resolve(Decimal(3), Decimal(3)) == 100


@pytest.mark.parametrize("number", ["1e999999999", "-1e-999999999", "0e999999999", "9" * 1_000_000, "NaN", "inf", ""])
def test_a_number_that_no_column_holds_is_none(number: str) -> None:
    assert decimal(number) is None


@pytest.mark.parametrize("number", ["-1.00000", "41.00000", "0", "0.00001", "9999999999.99999"])
def test_a_number_that_a_column_holds_is_read(number: str) -> None:
    assert decimal(number) == Decimal(number)


async def test_a_scale_that_is_endless_is_not_read(site: aioresponses, moodle: MoodleClient) -> None:
    site.post(REST, payload={"cm": {"id": 15, "scale": "a," * 20_000, "advancedgrading": []}})
    found = await scheme(moodle, Assignment(id=8, cmid=15, grade=-3))
    with pytest.raises(OutOfRange, match="cannot be read"):
        found.resolve("a")


@pytest.mark.timeout(20)
def test_thousands_of_grades_are_soon_held_against_a_scale() -> None:
    found = Scheme(is_scale=True, items=tuple(f"item {number}" for number in range(1000)), method="")
    for _ in range(5000):
        with pytest.raises(OutOfRange, match=r"item 0, .*, item 19, and more\.$"):
            found.resolve("none")


async def test_a_form_of_endless_criteria_is_not_read(site: aioresponses, moodle: MoodleClient) -> None:
    criteria = [{"id": number, "levels": []} for number in range(501)]
    definition = {"id": 1, "method": "rubric", "status": 20, "rubric": {"rubric_criteria": criteria}}
    site.post(REST, payload={"cm": {"id": 15, "advancedgrading": [{"area": "submissions", "method": "rubric"}]}})
    site.post(REST, payload={"areas": [{"activemethod": "rubric", "definitions": [definition]}]})
    found = await scheme(moodle, Assignment(id=8, cmid=15, grade=100))
    assert (found.method, found.form) == ("rubric", None)


@pytest.mark.timeout(20)
def test_thousands_of_fillings_are_soon_held_against_a_form() -> None:
    form = Form(1, "rubric", tuple(FormCriterion(number, "name" * 15, {1: "x"}) for number in range(500)))
    filling = Filling("rubric", tuple(Criterion(-number, 1) for number in range(1, 201)))
    for _ in range(5000):
        assert form.faults(filling).endswith(", and more")
