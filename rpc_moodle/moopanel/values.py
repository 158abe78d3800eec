"""The plugin's values as they are meant: numbers that come as strings, lists as null, dates in three forms."""

import re
from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field

T = TypeVar("T")

_LONGEST = 19
"""Digits of a number in Moodle's database."""


def _number(value: object) -> object:
    """Read ``"3"`` and ``3`` alike (``user_id``); what is empty, null or false is none (``plugins``, callbacks)."""
    if value is None or value is False or value == "":
        return None
    if isinstance(value, str) and re.fullmatch(rf"\s*-?[0-9]{{1,{_LONGEST}}}\s*", value):
        return int(value)
    return value


def _text(value: object) -> object:
    """Read a version that is a number as text (``plugin_forum``), and null and false as empty."""
    if value is None or value is False:
        return ""
    return str(value) if isinstance(value, int | float) else value


def _rows(value: object) -> object:
    """Read null as empty (``users_search_none``), and PHP's list with a gap, which JSON makes an object, as a list."""
    if value is None:
        return []
    return list(value.values()) if isinstance(value, dict) else value


Number = Annotated[int, BeforeValidator(_number)]
"""A whole number."""

OptionalNumber = Annotated[int | None, BeforeValidator(_number)]
"""A whole number, or none."""

Text = Annotated[str, BeforeValidator(_text)]
"""A text; empty for none."""

Rows = Annotated[list[T], Field(fail_fast=True), BeforeValidator(_rows)]
"""A list, whatever the plugin makes of an empty one; the first wrong item ends the reading."""


def unix_time(value: Any) -> int | None:
    """Read a moment that came as a Unix time, in digits or as a number; None for any other form, and for none."""
    number = _number(value)
    return number if isinstance(number, int) and number > 0 else None


def local_time(value: Any) -> str | None:
    """Read ``02/13/2009 23:31:39`` as ``2009-02-13T23:31:39``; None for any other form.

    The plugin writes the time of the site's own clock and does not say which zone that is (``api_key_status_get_ts``).
    """
    try:
        return datetime.strptime(value, "%m/%d/%Y %H:%M:%S").isoformat()  # noqa: DTZ007 - the zone is not told
    except (TypeError, ValueError):
        return None
