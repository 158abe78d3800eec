"""Values go through JSON and attachments and come back."""

import datetime as dt
import enum
import json
import math
import uuid
from dataclasses import dataclass
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from utils.codec import Encoded, Written, decode, encode, loads
from utils.contract import Model

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters())
    | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
)


@given(VALUES)
def test_what_is_encoded_can_be_decoded(value: object) -> None:
    encoded = encode(value)
    json.loads(encoded.text)
    assert same(decode(encoded), value)


@given(st.lists(st.lists(VALUES.filter(lambda value: not encode(value).attachments), max_size=3), max_size=3))
def test_a_list_that_was_written_while_it_grew_is_the_list(parts: list[list[object]]) -> None:
    rows: Written[object] = Written()
    for part in parts:
        rows.add(part)
    whole = [row for part in parts for row in part]
    for beside in (None, 2**70):  # which orjson refuses
        assert same(decode(encode({"data": rows, "beside": beside})), {"data": whole, "beside": beside})


def test_bytes_are_refused_in_a_list_that_is_written_while_it_grows() -> None:
    with pytest.raises(TypeError):
        Written[bytes]().add([b"x"])


def same(left: object, right: object) -> bool:
    """Equality, integers beyond 64 bits taken as JavaScript takes them."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float) and isinstance(right, int):
        return left == float(right)
    return left == right


class Colour(enum.Enum):
    RED = "red"


@dataclass
class Point:
    x: int
    y: object


class Person(Model):
    first_name: str
    photo: bytes = b""


BEYOND = 2**70


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Person(first_name="Ada"), '{"firstName":"Ada","photo":{"_placeholder":true,"num":0}}'),
        (
            [Person(first_name="Ada"), BEYOND],
            f'[{{"firstName":"Ada","photo":{{"_placeholder":true,"num":0}}}},{BEYOND}]',
        ),
        (Point(1, None), '{"x":1,"y":null}'),
        (Point(BEYOND, Colour.RED), f'{{"x":{BEYOND},"y":"red"}}'),
        ([BEYOND, dt.date(2026, 1, 2), uuid.UUID(int=0)], f'[{BEYOND},"2026-01-02","{uuid.UUID(int=0)}"]'),
        ((1, 2), "[1,2]"),
        ({5}, "[5]"),
        (MappingProxyType({"a": 1}), '{"a":1}'),
        ({1: "a"}, '{"1":"a"}'),
        ([math.nan, math.inf], "[null,null]"),
        ([math.nan, BEYOND], f"[null,{BEYOND}]"),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_values_are_written_as_json_has_them(value: object, text: str) -> None:
    assert encode(value).text == text


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, "nul", "9" * 5000, '{"a":"\\x"}'])
def test_what_is_no_json_raises_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whichever parser
        loads(text)


def test_integers_are_exact_up_to_64_bits() -> None:
    assert loads(f"[{2**63 - 1},{-(2**63)}]") == [2**63 - 1, -(2**63)]


@pytest.mark.parametrize("num", ["1", '"0"', "null", "[]"])
def test_a_placeholder_without_attachment_raises_value_error(num: str) -> None:
    with pytest.raises(ValueError, match="placeholder"):
        decode(Encoded(f'[{{"_placeholder":true,"num":{num}}}]'.encode(), [b"x"]))
