"""What a caller is told about a payload that is wrong."""

import json
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, AliasChoices, AliasPath, Field

from utils.contract import Model, Options, Request
from utils.errors import RpcError
from utils.validation import parse

SECRET = "swordfish-0123456789"


def reject(value: str) -> str:
    raise ValueError(f"must not be {value}")


class Cat(Model):
    kind: Literal["cat"]


class Dog(Model):
    kind: Literal["dog"]


class Everything(Request):
    course_id: Annotated[int, Field(validation_alias=AliasChoices("courseID", AliasPath("options", "courseID")), gt=0)]
    who: int | list[int] = 1
    flag: bool = False
    names: tuple[str, ...] = ()
    level: Literal["low", "high"] = "low"
    talkative: Annotated[str, AfterValidator(reject)] = ""
    pet: Annotated[Cat | Dog, Field(discriminator="kind")] | None = None
    short: Annotated[str, Field(max_length=3)] = ""
    matching: Annotated[str, Field(pattern="^[a-z]+$")] = "a"


def problems(payload: object) -> dict[str, str]:
    with pytest.raises(RpcError) as caught:
        parse(Everything, [payload])
    assert caught.value.code.name == "invalid_request"
    fields = caught.value.details["fields"]
    assert isinstance(fields, list)
    return {field["path"]: field["problem"] for field in fields}


@pytest.mark.parametrize(
    ("payload", "path", "problem"),
    [
        ({}, "courseID", "is missing"),
        ({"courseID": ""}, "courseID", "must be a whole number"),
        ({"courseID": "12; drop"}, "courseID", "must be a whole number"),
        ({"courseID": None}, "courseID", "must be a whole number"),
        ({"courseID": 1.5}, "courseID", "must be a whole number"),
        ({"courseID": 0}, "courseID", "must be greater than 0"),
        ({"courseID": "9" * 5000}, "courseID", "must be a whole number"),
        ({"options": {"courseID": "abc"}}, "options.courseID", "must be a whole number"),
        ({"courseID": 1, "options": 5}, "options", "must be an object"),
        ({"courseID": 1, "options": {"timeoutMs": 0}}, "options.timeoutMs", "must be 1 or more"),
        ({"courseID": 1, "who": "x"}, "who", "must be a whole number"),
        ({"courseID": 1, "who": [1, "x"]}, "who.1", "must be a whole number"),
        ({"courseID": 1, "flag": "perhaps"}, "flag", "must be true or false"),
        ({"courseID": 1, "names": "x"}, "names", "must be a list"),
        ({"courseID": 1, "names": ["x", 2]}, "names.1", "must be a string"),
        ({"courseID": 1, "level": SECRET}, "level", "must be 'low' or 'high'"),
        ({"courseID": 1, "talkative": SECRET}, "talkative", "is not valid"),
        ({"courseID": 1, "pet": {"kind": SECRET}}, "pet", "is of no known kind"),
        ({"courseID": 1, "short": SECRET}, "short", "must have at most 3 characters"),
        ({"courseID": 1, "matching": SECRET}, "matching", "must match pattern '^[a-z]+$'"),
        ({"courseID": 1, "progressId": 5}, "progressId", "must be a string"),
    ],
)
def test_path_and_problem_are_in_the_callers_words(payload: object, path: str, problem: str) -> None:
    assert problems(payload)[path] == problem


@pytest.mark.parametrize("key", ["courseID", "who", "flag", "names", "level", "talkative", "pet", "short", "matching"])
@pytest.mark.parametrize("wrong", [SECRET, [SECRET], {"kind": SECRET}, {SECRET: 1}])
def test_values_are_never_repeated(key: str, wrong: object) -> None:
    payload = {"courseID": SECRET, key: wrong}
    with pytest.raises(RpcError) as caught:
        parse(Everything, [payload])
    assert SECRET not in json.dumps([caught.value.message, caught.value.details]) + repr(caught.value)
    assert caught.value.__context__ is None


def test_the_message_names_the_first_field_and_the_remedy() -> None:
    with pytest.raises(RpcError, match=r"^courseID is missing; add it to the payload\.$"):
        parse(Everything, [{}])
    with pytest.raises(RpcError, match=r"^The payload has 2 problems: who must be a whole number; "):
        parse(Everything, [{"courseID": 1, "who": "x", "flag": "x"}])


@pytest.mark.parametrize(
    ("payload", "found"),
    [("x", "a string"), ([], "a list"), (5, "a number"), (True, "a boolean"), (b"x", "binary data")],
)
def test_a_payload_that_is_no_object_is_named(payload: object, found: str) -> None:
    with pytest.raises(RpcError, match=f"must be one object, not {found}"):
        parse(Everything, [payload])


def test_several_arguments_are_too_many() -> None:
    with pytest.raises(RpcError, match="several arguments"):
        parse(Everything, [{"courseID": 1}, {}])


@pytest.mark.parametrize("arguments", [[], [None]])
def test_no_payload_is_an_empty_object(arguments: list[object]) -> None:
    assert parse(Request, arguments) == Request()
    with pytest.raises(RpcError, match="courseID is missing"):
        parse(Everything, arguments)


def test_unknown_keys_are_ignored() -> None:
    request = parse(Everything, [{"courseID": "7", "brandNew": 1, "options": {"brandNew": 1, "timeoutMs": 5}}])
    assert request.course_id == 7
    assert request.options == Options(timeout_ms=5)


def test_a_thousand_problems_are_cut_to_fifty() -> None:
    assert len(problems({"courseID": 1, "names": [1] * 1000})) == 50


def test_a_list_beyond_reason_is_refused_unread() -> None:
    with pytest.raises(RpcError, match="who has 10001 items") as caught:
        parse(Everything, [{"courseID": 1, "who": [SECRET] * 10_001}])
    assert caught.value.code.name == "too_large"
    assert SECRET not in caught.value.message + str(caught.value.details)
    assert parse(Everything, [{"courseID": 1, "who": [1] * 10_000}]).who == [1] * 10_000
