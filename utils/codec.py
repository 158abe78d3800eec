"""JSON with attachments: the form in which Socket.IO carries a value that holds bytes."""

import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, Generic, NamedTuple, TypeVar, get_args

import orjson
from pydantic import BaseModel, GetCoreSchemaHandler
from pydantic_core import CoreSchema

R = TypeVar("R")


class Written(Generic[R]):
    """A list that is written as JSON while it grows: a reply of thousands of rows holds no row as an object."""

    def __init__(self) -> None:
        """Begin with an empty list."""
        self._parts: list[bytes] = []

    def add(self, rows: Sequence[R]) -> None:
        """Write rows behind those that are there. Raises TypeError for what is no JSON, bytes among them."""
        text, attachments = encode(rows)
        if attachments:
            raise TypeError("bytes in a list that is written while it grows")
        if rows:
            self._parts.append(text)

    @property
    def json(self) -> bytes:
        """The list as JSON in UTF-8."""
        if len(self._parts) == 1:
            return self._parts[0]  # which is not copied once more
        return b"[%b]" % b",".join([memoryview(part)[1:-1] for part in self._parts])

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Say that it reads like a list of its rows."""
        return handler.generate_schema(list[get_args(source)[0]])  # type: ignore[misc] # a type that is passed on


class Encoded(NamedTuple):
    """JSON in UTF-8 in which the n-th ``{"_placeholder": true, "num": n}`` stands for the n-th attachment."""

    json: bytes
    attachments: list[bytes]

    @property
    def text(self) -> str:
        """The JSON as text."""
        return self.json.decode()


def encode(value: object) -> Encoded:
    """Write ``value`` as JSON, its bytes as attachments, in one pass.

    Takes what orjson takes, and bytes, pydantic models (by alias), sets, mappings and what is :class:`Written`.
    Integers beyond 64 bits and lone surrogates, which orjson refuses, are written by the standard library; NaN and
    infinities become null.
    Raises TypeError for anything else, RecursionError for a value that holds itself.
    """
    attachments: list[bytes] = []

    def simpler(item: object) -> object:
        if isinstance(item, bytes | bytearray | memoryview):
            attachments.append(bytes(item))
            return {"_placeholder": True, "num": len(attachments) - 1}
        if isinstance(item, Written):
            return orjson.Fragment(item.json)
        if isinstance(item, BaseModel):
            return item.model_dump(by_alias=True)
        if isinstance(item, Mapping):
            return dict(item)
        if isinstance(item, AbstractSet):
            return list(item)
        raise TypeError(f"{type(item).__name__} cannot be written as JSON")

    try:
        written = orjson.dumps(value, default=simpler)
    except TypeError:
        attachments.clear()
        written = json.dumps(_plain(value, simpler), separators=(",", ":")).encode()
    return Encoded(written, attachments)


def _plain(value: object, simpler: Callable[[object], object]) -> object:  # noqa: PLR0911 - one line per kind
    """Reduce ``value`` to what the standard library's json writes as valid JSON."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, dict):
        return {key: _plain(item, simpler) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, simpler) for item in value]
    if isinstance(value, Written):
        return json.loads(value.json)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: _plain(getattr(value, field.name), simpler) for field in dataclasses.fields(value)}
    try:
        return orjson.loads(orjson.dumps(value))  # dates, UUIDs, enumerations
    except TypeError:
        return _plain(simpler(value), simpler)


def loads(text: str | bytes) -> Any:
    """Read JSON as JavaScript would: integers beyond 64 bits lose precision, lone surrogates are kept.

    Raises ValueError, and nothing else, for text that is no JSON or is nested deeper than 1,024 levels.
    """
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if "depth limit" in str(error):
            raise
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def decode(encoded: Encoded) -> Any:
    """Read what :func:`encode` has written, attachments back in their places.

    Raises ValueError when the text is no JSON or a placeholder names no attachment.
    """

    def restore(item: Any) -> Any:
        if isinstance(item, list):
            return [restore(part) for part in item]
        if isinstance(item, dict):
            if item.get("_placeholder") is True:
                return encoded.attachments[item["num"]]
            return {key: restore(part) for key, part in item.items()}
        return item

    value = loads(encoded.json)
    if not encoded.attachments:
        return value
    try:
        return restore(value)
    except (IndexError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("a placeholder names no attachment") from error
