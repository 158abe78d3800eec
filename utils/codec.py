"""JSON with attachments: the form in which Socket.IO carries a value that holds bytes."""

import dataclasses
import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import orjson
from pydantic import BaseModel


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

    Takes what orjson takes, and bytes, pydantic models (by alias), sets and mappings. Integers beyond 64 bits
    and lone surrogates, which orjson refuses, are written by the standard library; NaN and infinities become null.
    Raises TypeError for anything else, RecursionError for a value that holds itself.
    """
    attachments: list[bytes] = []

    def simpler(item: object) -> object:
        if isinstance(item, bytes | bytearray | memoryview):
            attachments.append(bytes(item))
            return {"_placeholder": True, "num": len(attachments) - 1}
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
