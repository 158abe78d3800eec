"""Values as Moodle writes them, read into what they mean: names, times, and states that it numbers."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, ValidationInfo

from rpc_moodle.moodle.text import plain_name

E = TypeVar("E", bound=StrEnum)

_LONGEST_NUMBER = 40  # characters; a float has up to 24
_MOST_DIGITS = 20  # before and behind the point
_LAST = 253_402_300_799  # the last second that a datetime can hold


class Row(BaseModel):
    """One thing in an answer: Moodle's own names, extra keys ignored, a key that Moodle withholds at its default."""

    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True, defer_build=True)


def _name(value: Any, info: ValidationInfo) -> Any:
    language = info.context if isinstance(info.context, str) else "en"
    return plain_name(value, language) if isinstance(value, str) else "" if value is None else value


def _text(value: Any) -> Any:
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _when(value: Any) -> Any:
    if value in (None, "", 0, "0"):
        return None
    try:
        seconds = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError("should be seconds since 1970") from None
    if not 0 < seconds <= _LAST:
        raise ValueError("should be seconds since 1970")
    return datetime.fromtimestamp(seconds, UTC)


def decimal(value: float | str | None) -> Decimal | None:
    """Read a number of points; None for none, and for one that no column of Moodle's holds.

    It has ten digits there; ``1e999999999`` would be written with a billion.
    """
    text = "" if value is None else str(value)
    try:
        number = Decimal(text if len(text) <= _LONGEST_NUMBER else "")
    except InvalidOperation:
        return None
    return number if number.is_finite() and abs(number.adjusted()) < _MOST_DIGITS else None


def seconds_of(when: datetime | None) -> int:
    """Return Unix seconds, 0 for no time at all, as Moodle writes it."""
    return 0 if when is None else int(when.timestamp())


def _known(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    try:
        return bool(int(value))
    except (TypeError, ValueError, OverflowError):
        raise ValueError("should be 0 or 1") from None


Name = Annotated[str, BeforeValidator(_name)]
"""A name without markup, in the language of the client (``rpc_moodle.moodle.text``)."""

Text = Annotated[str, BeforeValidator(_text)]
"""A text as Moodle gives it; empty where it is withheld."""

When = Annotated[datetime | None, BeforeValidator(_when), PlainSerializer(seconds_of, return_type=int)]
"""A time in UTC, None for none; Unix seconds and 0 wherever it is written."""

Known = Annotated[bool | None, BeforeValidator(_known)]
"""Yes, no, or None where Moodle does not tell this account."""


def numbered(names: Mapping[int, E]) -> BeforeValidator:
    """Return the reader of a state that Moodle writes as a number; a number it does not know is refused."""

    def read(value: Any) -> Any:
        try:
            return names[int(value)]
        except (TypeError, ValueError, OverflowError, KeyError):
            raise ValueError("is a state that is not known") from None

    reader: Callable[[Any], Any] = read
    return BeforeValidator(reader)
