"""From a raw payload to a request model, or to an `invalid_request` that names the field and the remedy."""

import re
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from utils.errors import INVALID_REQUEST, TOO_LARGE, RpcError
from utils.keys import UnknownKey, unknown_keys

M = TypeVar("M", bound=BaseModel)

_JSON_NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "a list",
    bytes: "binary data",
}
_PROBLEMS = {
    "missing": "is missing",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "string_type": "must be a string",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "union_tag_invalid": "is of no known kind",
}
_MAX_FIELDS = 50
_SAID = 10  # problems that a sentence holds

MAX_ITEMS = 10_000
"""Items of a list in a payload; pydantic says of each in turn what is wrong with it.

A list further down is held to its own limit, and is to be read with ``FailFast``."""


_LONG = 200
"""Items of a list that are read at once; to read one takes up to a tenth of a millisecond."""


def is_long(value: object = None) -> bool:
    """Tell whether a payload, or a result, is or has a list that takes long to read or to write."""
    inside = value.values() if isinstance(value, dict) else [value]
    return any(isinstance(each, list | dict) and len(each) > _LONG for each in inside)


def read(
    model: type[BaseModel] | None, arguments: Sequence[object], *, writes: bool
) -> tuple[object, list[UnknownKey]]:
    """Return the request that a payload is, or the payload where there is no model, and the keys that mean nothing.

    Raises as :func:`parse` and :func:`check_keys`.
    """
    if model is None:
        return arguments[0] if arguments else None, []
    return parse(model, arguments), check_keys(model, arguments, writes=writes)


def parse(model: type[M], arguments: Sequence[object]) -> M:
    """Validate the one argument of an event against ``model``; no argument and null are an empty object.

    Raises RpcError `too_large` for a list of more than ``MAX_ITEMS``, `invalid_request` with ``details.fields``:
    ``[{path, problem}]``, named as the reference does. Neither message nor details hold a value of the payload, since
    that might be a token.
    """
    if len(arguments) > 1:
        raise _invalid(
            "The call takes one object as its payload, but several arguments came; pass one.", "", "several arguments"
        )
    payload = arguments[0] if arguments else None
    if payload is None:
        payload = {}
    if not isinstance(payload, dict):
        found = _JSON_NAMES.get(type(payload), "something else")
        raise _invalid(
            f"The payload must be one object, not {found}; correct it and call again.",
            "",
            f"must be an object, not {found}",
        )
    for name, value in payload.items():
        if isinstance(value, list | dict) and len(value) > MAX_ITEMS:
            raise RpcError(
                TOO_LARGE,
                f"{name[:100]} has {len(value)} items; split them over calls of {MAX_ITEMS} at most.",
                details={"limitItems": MAX_ITEMS},
            )
    try:
        return model.model_validate(payload, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False)
    # Raised outside of the except block, so that no traceback in a log chains to the validation error.
    documented = _documented(model)
    fields: dict[str, str] = {}
    for problem in problems[:_MAX_FIELDS]:
        fields.setdefault(_path(problem, payload, documented), _problem(problem))
    raise RpcError(
        INVALID_REQUEST,
        _sentence([f"{path or 'The payload'} {text}" for path, text in fields.items()]),
        details={"fields": [{"path": path, "problem": text} for path, text in fields.items()]},
    )


def check_keys(model: type[BaseModel], arguments: Sequence[object], *, writes: bool) -> list[UnknownKey]:
    """Return the keys of a payload that ``model`` ignores, 50 at the most; the payload is as :func:`parse` takes it.

    Raises RpcError `invalid_request` where the call ``writes`` and a key resembles a known one or stands in the wrong
    place: a misspelt ``dryRun`` must not write.
    """
    payload = arguments[0] if arguments and isinstance(arguments[0], Mapping) else {}
    unknown = list(islice(unknown_keys(model, payload), _MAX_FIELDS))
    meant = [each for each in unknown if each.nearest]
    if writes and meant:
        raise RpcError(
            INVALID_REQUEST,
            f"{meant[0].sentence} Nothing was done; correct it and call again.",
            details={"fields": [{"path": each.path, "problem": f"must be {each.nearest}"} for each in meant]},
        )
    return unknown


def _sentence(problems: Sequence[str]) -> str:
    """Say what is wrong, all of it as far as a person reads, and what to do."""
    if len(problems) == 1:
        remedy = "add it to the payload" if problems[0].endswith(" is missing") else "correct it and call again"
        return f"{problems[0]}; {remedy}."
    more = f"; {len(problems) - _SAID} more stand in details.fields" if len(problems) > _SAID else ""
    return f"The payload has {len(problems)} problems: {'; '.join(problems[:_SAID])}{more}."


def _invalid(message: str, path: str, problem: str) -> RpcError:
    return RpcError(INVALID_REQUEST, message, details={"fields": [{"path": path, "problem": problem}]})


def _documented(model: type[BaseModel]) -> dict[str, str]:
    """Return the name that the reference uses, for each other that callers may write in its place."""
    choices = [field.validation_alias for field in model.model_fields.values()]
    several = [each.choices for each in choices if isinstance(each, AliasChoices)]
    return {str(other): str(names[0]) for names in several for other in names}


def _path(problem: ErrorDetails, payload: object, documented: Mapping[str, str]) -> str:
    """Join the location, its first part by the documented name, without those of pydantic for members of a union."""
    parts: list[str] = []
    here: Any = payload
    for part in problem["loc"]:
        if isinstance(here, Mapping):
            parts.append(str(part))
            here = here.get(part, ...)
        elif isinstance(here, list) and isinstance(part, int) and part < len(here):
            parts.append(str(part))
            here = here[part]
    return ".".join([documented.get(part, part) if index == 0 else part for index, part in enumerate(parts)])


def _problem(problem: ErrorDetails) -> str:
    known = _PROBLEMS.get(problem["type"])
    if known is not None:
        return known
    text = problem["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    text = re.sub(r"^(Input|String|List|Value) should ", "must ", text)
    text = re.sub(r"be greater than or equal to (\S+)", r"be \1 or more", text)
    text = re.sub(r"be less than or equal to (\S+)", r"be \1 or less", text)
    value = problem["input"]
    if isinstance(value, str) and value.strip() and value in text:
        return "is not valid"
    return text.rstrip(".")
