"""Methods are read from their handlers, and no name is given twice."""

from typing import Any

import pytest

from utils.call import Call
from utils.contract import Request
from utils.registry import Registry


class Question(Request):
    """What to ask."""


def registry(*events: str) -> Registry:
    methods = Registry()

    @methods.method(*events, binary=True)
    async def answer(request: Question, call: Call) -> list[int]:
        """Answer it.

        In full.
        """
        return [42]

    return methods


def test_a_method_is_described_by_its_handler() -> None:
    (method,) = registry("ask", "inquire")
    assert (method.name, method.aliases, method.binary) == ("ask", ("inquire",), True)
    assert (method.request_model, method.result_type) == (Question, list[int])
    assert method.doc == "Answer it.\n\nIn full."


def test_name_and_alias_find_the_same_method() -> None:
    methods = registry("ask", "inquire")
    assert methods.find("ask") is methods.find("inquire") is next(iter(methods))
    assert methods.find("other") is None
    assert methods.events == ("ask", "inquire")


@pytest.mark.parametrize("events", [("ask", "ask"), ("ask",), ("other", "ask")])
def test_a_name_cannot_be_given_twice(events: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="ask is registered twice"):
        registry("ask").merge(registry(*events))


def test_merging_leaves_the_merged_as_they_were() -> None:
    first, second = registry("a"), registry("b")
    assert [method.name for method in first.merge(second, registry("c"))] == ["a", "b", "c"]
    assert (len(first), len(second)) == (1, 1)


def test_a_handler_may_take_any_payload() -> None:
    methods = Registry()

    @methods.method("echo")
    async def echo(request: object, call: Call) -> object:
        return request

    assert next(iter(methods)).request_model is None


def not_async(request: Question, call: Call) -> int:
    return 1


async def no_call(request: Question) -> int:
    return 1


async def no_model(request: dict[str, Any], call: Call) -> int:
    return 1


async def no_result(request: Question, call: Call):  # type: ignore[no-untyped-def] # noqa: ANN201 - the case
    return 1


@pytest.mark.parametrize("handler", [not_async, no_call, no_model, no_result])
def test_a_handler_of_another_form_is_refused_at_once(handler: Any) -> None:
    with pytest.raises(TypeError, match="of broken must be"):
        Registry().method("broken")(handler)
