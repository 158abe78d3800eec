"""Form fields are read as PHP reads them."""

from typing import Any

import pytest

from rpc_moodle.sandbox.errors import MoodleError
from rpc_moodle.sandbox.params import Many, Struct, Value, boolean, integer, letters, nest, number, text


def test_brackets_become_nested_arrays() -> None:
    pairs = [("a", "1"), ("b[0][name]", "x"), ("b[0][value]", "y"), ("c[]", "p"), ("c[]", "q")]

    assert nest(pairs, 100) == {"a": "1", "b": {"0": {"name": "x", "value": "y"}}, "c": {"0": "p", "1": "q"}}


def test_a_later_field_of_the_same_name_wins() -> None:
    assert nest([("a", "1"), ("a[b]", "2"), ("c[d]", "3"), ("c", "4")], 100) == {"a": {"b": "2"}, "c": "4"}


def test_fields_past_the_limit_vanish_without_a_word() -> None:
    assert nest([(f"ids[{number}]", "1") for number in range(9)], 3) == {"ids": {"0": "1", "1": "1", "2": "1"}}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        (integer(), "abc"),
        (integer(), "12; drop"),
        (integer(), "2.0"),
        (integer(), "007"),
        (integer(), ""),
        (number(), "1,5"),
        (boolean(), "yes"),
        (letters(), "in review"),
        (text(), {"0": "a"}),
    ],
)
def test_a_scalar_of_the_wrong_type_is_refused(kind: Value, sent: Any) -> None:
    with pytest.raises(MoodleError) as caught:
        kind.check(sent)

    assert caught.value.errorcode == "invalidparameter"


@pytest.mark.parametrize("sent", [{}, {"id": "1", "more": "2"}, "1"])
def test_missing_and_unexpected_parameters_are_refused(sent: Any) -> None:
    with pytest.raises(MoodleError):
        Struct({"id": integer()}).check(sent)


def test_defaults_stand_in_for_what_is_not_sent() -> None:
    wanted = Struct({"ids": Many(integer(), []), "all": boolean(default=False)})

    assert wanted.check({"ids": {"7": "3", "1": "4"}}) == {"ids": [3, 4], "all": False}
    assert wanted.check({}) == {"ids": [], "all": False}
