"""Which keys of a payload are unknown, and which known ones they resemble."""

from typing import Annotated, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AliasChoices, Field

from utils.contract import Model, Request
from utils.errors import RpcError
from utils.keys import UnknownKey, unknown_keys
from utils.validation import check_keys, parse

TOKEN = "0123456789abcdef0123456789abcdef"


class Remark(Model):
    text: str = ""


class Row(Model):
    ext_id: int = 0
    grade: int | None = None
    remark: Remark | None = None


class Writing(Request):
    in_options: ClassVar[tuple[str, ...]] = ("courseID",)

    course_id: Annotated[int, Field(validation_alias=AliasChoices("courseID", "courseId"))] = 0
    rows: tuple[Row, ...] = Field(default=(), validation_alias=AliasChoices("rows", "grades"))
    dry_run: bool = False


def found(payload: dict[str, object]) -> list[UnknownKey]:
    return list(unknown_keys(Writing, payload))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"courseID": 1, "dryRun": True, "progressId": "x"},
        {"courseId": 1, "options": {"courseID": 1, "timeoutMs": 5}},
        {"rows": [{"extId": 1, "grade": 2, "remark": {"text": "x"}}]},
        {"grades": [{"extId": 1}], "rows": "no list"},
        {"rows": [None, 5, "x", [{"extId": 1}]], "options": None},
    ],
)
def test_known_keys_are_known_under_each_of_their_names(payload: dict[str, object]) -> None:
    assert found(payload) == []


@pytest.mark.parametrize(
    ("payload", "path", "nearest", "elsewhere"),
    [
        ({"dryrun": True}, "dryrun", "dryRun", False),
        ({"dry_run": True}, "dry_run", "dryRun", False),
        ({"dry-run": True}, "dry-run", "dryRun", False),
        ({"DryRuns": True}, "DryRuns", "dryRun", False),
        ({"course_id": 1}, "course_id", "courseID", False),
        ({"rows": [{}, {"Grade": 1}]}, "rows.1.Grade", "grade", False),
        ({"rows": [{"ext_id": 1}]}, "rows.0.ext_id", "extId", False),
        ({"rows": [{"remark": {"Text": ""}}]}, "rows.0.remark.Text", "text", False),
        ({"rows": [{"dryRun": True}]}, "rows.0.dryRun", "dryRun", True),
        ({"options": {"dryRun": True}}, "options.dryRun", "dryRun", True),
        ({"options": {"dryrun": True}}, "options.dryrun", "dryRun", True),
        ({"options": {"timeoutms": 1}}, "options.timeoutms", "timeoutMs", False),
        ({"brandNew": 1}, "brandNew", None, False),
        ({"options": {"brandNew": 1}}, "options.brandNew", None, False),
        ({TOKEN: 1}, "a key that looks like a value", None, False),
        ({"ключ": 1}, "ключ", None, False),
        ({"": 1, "x" * 5000: 2}, "", None, False),
    ],
)
def test_an_unknown_key_names_the_known_one_that_it_resembles(
    payload: dict[str, object], path: str, nearest: str | None, elsewhere: bool
) -> None:
    assert found(payload)[0] == UnknownKey(path, nearest, elsewhere=elsewhere)


VALUES = st.recursive(
    st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10
)
KNOWN = {"courseID", "courseId", "rows", "grades", "dryRun", "options", "progressId"}


@given(st.dictionaries(st.text() | st.sampled_from(sorted(KNOWN)), VALUES))
def test_whatever_comes_is_read(payload: dict[str, object]) -> None:
    assert len([each for each in found(payload) if "." not in each.path]) >= len(
        [key for key in payload if key not in KNOWN and "." not in key]
    )


@pytest.mark.parametrize("payload", [{"dryrun": True}, {"rows": [{"Grade": 1}]}, {"options": {"dryRun": True}}])
def test_a_misspelt_key_does_not_write(payload: dict[str, object]) -> None:
    with pytest.raises(RpcError, match="Nothing was done") as refused:
        check_keys(Writing, [payload], writes=True)
    assert refused.value.code.name == "invalid_request"
    assert len(check_keys(Writing, [payload], writes=False)) == 1


def test_a_key_that_resembles_none_is_told_in_a_call_that_writes_too() -> None:
    assert [each.path for each in check_keys(Writing, [{"brandNew": 1}], writes=True)] == ["brandNew"]


def test_a_thousand_unknown_keys_are_cut_to_fifty() -> None:
    assert len(check_keys(Writing, [{f"key {n}": n for n in range(1000)}], writes=False)) == 50


def test_a_name_of_python_is_no_name_on_the_wire() -> None:
    assert parse(Writing, [{"dry_run": True}]).dry_run is False
