"""Typed answers straight from their bytes: rows by the fastest reader there is, all else by the one that explains."""

from typing import Annotated, Any, Generic, Protocol, TypeVar, get_args, get_origin

import msgspec
from pydantic import Field, TypeAdapter
from typing_extensions import is_typeddict

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Reads(Protocol[T_co]):
    """What reads JSON into a type, as pydantic's TypeAdapter does."""

    def validate_json(self, body: bytes, /) -> T_co:
        """Read a body; raises pydantic's ValidationError."""


class Reader(Generic[T]):
    """Reads JSON into a type, as pydantic does.

    Typed dicts, which come by the thousand, are read by msgspec in half the time (``docs/performance``). What it
    refuses is read once more by pydantic, which takes a number in quotes and the like, or says what is wrong with it.
    """

    def __init__(self, into: Any) -> None:
        """Take the type."""
        row = get_args(into)[0] if get_origin(into) is list else into
        self._fast = msgspec.json.Decoder(into) if is_typeddict(row) else None
        self._exact: TypeAdapter[T] = TypeAdapter(
            Annotated[into, Field(fail_fast=True)] if get_origin(into) is list else into
        )

    def validate_json(self, body: bytes, /) -> T:
        """Read a body; raises pydantic's ValidationError."""
        if self._fast is not None:
            try:
                value: T = self._fast.decode(body)
            except (msgspec.MsgspecError, ValueError, RecursionError):
                pass
            else:
                return value
        return self._exact.validate_json(body)
