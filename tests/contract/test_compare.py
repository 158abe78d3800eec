"""The comparison that the contract test rests on finds what it is there to find."""

from typing import Any

import pytest

from tests.contract.compare import HOST, differences

URL = "http://127.0.0.1:1"


@pytest.mark.parametrize(
    ("recorded", "answered"),
    [
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ({"a": 1}, {"a": "1"}),
        ({"a": 1}, {"a": True}),
        ({"a": None}, {"a": 0}),
        ({"a": "one"}, {"a": "two"}),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}),
        ([1, 2], [1]),
        ([1, "... 2 more"], [1, 2]),
        ([1, "... 2 more"], [9, 2, 3]),
        ({"timecreated": 5}, {"timecreated": "5"}),
        ({"timecreated": 5}, {"timecreated": None}),
        ({"functions": [{"name": "f"}]}, {"functions": [{"title": "f"}]}),
        ({"preferences": [{"name": "a"}]}, {"preferences": [{"name": "b"}]}),
    ],
)
def test_a_difference_in_shape_type_or_value_is_found(recorded: Any, answered: Any) -> None:
    assert differences(recorded, answered, URL)


@pytest.mark.parametrize(
    ("recorded", "answered"),
    [
        ({"timecreated": 1795145068}, {"timecreated": 1795149999}),
        ({"url": f"{HOST}/core/1795145092/u/f1"}, {"url": f"{URL}/core/1795145068/u/f1"}),
        ([1, "... 2 more"], [1, 2, 3]),
        ({"text": "Lorem... 90 more characters"}, {"text": "Lorem ipsum"}),
        ({"functions": [{"name": "f"}, {"name": "g"}]}, {"functions": [{"name": "h"}]}),
        ({"preferences": [{"name": "b"}, {"name": "a"}]}, {"preferences": [{"name": "a"}, {"name": "b"}]}),
    ],
)
def test_what_belongs_to_one_site_is_no_difference(recorded: Any, answered: Any) -> None:
    assert differences(recorded, answered, URL) == []
