"""Says in words what an annotation looks like on the wire."""  # noqa: INP001 - found by conf.py, part of no package

import types
from decimal import Decimal
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from typing_extensions import is_typeddict

from utils.codec import Written

Shapes = dict[str, Any]
"""Objects that deserve a section of their own, by name."""

_NAMES: dict[object, str] = {
    str: "string",
    SecretStr: "string",
    int: "integer",
    float: "number",
    Decimal: "number",
    bool: "boolean",
    bytes: "binary",
    type(None): "null",
    dict: "object",
    object: "anything",
    Any: "anything",
}
_PLURALS = {"string": "strings", "integer": "integers", "binary": "binaries", "object": "objects"}


def is_model(hint: Any) -> bool:
    """Tell whether an annotation is a pydantic model."""
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def in_words(hint: Any, shapes: Shapes) -> str:
    """Name a type in Markdown, and add the objects it mentions to ``shapes``."""
    if known := _NAMES.get(hint):
        return known
    if is_typeddict(hint) or is_model(hint):
        shapes[hint.__name__] = hint
        return f"[{hint.__name__}](#{hint.__name__.lower()})"
    if get_origin(hint) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(hint))
    if get_origin(hint) is Annotated:
        return in_words(get_args(hint)[0], shapes)
    return _generic(get_origin(hint), get_args(hint), shapes)


def _generic(origin: Any, arguments: tuple[Any, ...], shapes: Shapes) -> str:
    inner = [in_words(each, shapes) for each in arguments if each is not Ellipsis]
    if origin in {Union, types.UnionType}:
        return " or ".join(dict.fromkeys(inner))
    if origin in {list, Written} or (origin is tuple and Ellipsis in arguments):
        return f"list of {_PLURALS.get(inner[0], inner[0])}"
    if origin is tuple:
        return f"\\[{', '.join(inner)}\\]"
    if origin is None or origin is dict:
        return "object"
    return inner[0]  # NotRequired
