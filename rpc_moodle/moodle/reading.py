"""Typed answers straight from their bytes: rows by the fastest reader there is, all else by the one that explains."""

from typing import Annotated, Any, Generic, Protocol, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from pydantic import FailFast, Field, TypeAdapter
from pydantic.fields import FieldInfo
from typing_extensions import is_typeddict

T = TypeVar("T")
_PLAIN = (int, float, str, bool, type(None), Any)

T_co = TypeVar("T_co", covariant=True)


class Reads(Protocol[T_co]):
    """What reads JSON into a type, as pydantic's TypeAdapter does."""

    def validate_json(self, body: bytes, /, *, context: Any = None) -> T_co:
        """Read a body; validators are given the context; raises pydantic's ValidationError."""


class Reader(Generic[T]):
    """Reads JSON into a type, as pydantic does.

    Typed dicts of plain values, which come by the thousand, are read by msgspec in half the time
    (``docs/performance``). What it refuses is read once more by pydantic, which takes a number in quotes and the like,
    or says what is wrong with it.
    """

    def __init__(self, into: Any) -> None:
        """Take the type."""
        row = get_args(into)[0] if get_origin(into) is list else into
        self._fast = msgspec.json.Decoder(into) if is_typeddict(row) and is_plain(row) else None
        self._exact: TypeAdapter[T] = TypeAdapter(
            Annotated[into, Field(fail_fast=True)] if get_origin(into) is list else into
        )

    def validate_json(self, body: bytes, /, *, context: Any = None) -> T:
        """Read a body; validators are given the context; raises pydantic's ValidationError."""
        if self._fast is not None:
            try:
                value: T = self._fast.decode(body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass
            else:
                return value
        return self._exact.validate_json(body, context=context)


def is_plain(kind: Any) -> bool:
    """Tell whether reading a type is checking it and nothing more: no validator changes a value, no limit holds."""
    if is_typeddict(kind):
        return all(map(is_plain, get_type_hints(kind, include_extras=True).values()))
    if get_origin(kind) is Annotated:
        kind, *notes = get_args(kind)
        return is_plain(kind) and all(
            isinstance(note, FieldInfo) and all(isinstance(each, FailFast) for each in note.metadata) for note in notes
        )
    inner = get_args(kind)
    return all(map(is_plain, inner)) if inner else kind in _PLAIN
