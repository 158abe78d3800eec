"""What any site's answer tells before its own words count: when to come back, what it is, words for a person."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from html import unescape

from pydantic import SecretStr

_MESSAGE_LENGTH = 300


def whither(headers: Mapping[str, str]) -> str:
    """Name the origin of a Location, never its path or query, which can hold a secret."""
    found = re.match(r"(https?://[A-Za-z0-9.\-]+(?::\d+)?)(?:/|$)", headers.get("Location", ""))
    return f" to {found[1]}" if found else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Read Retry-After in seconds, from a number or a date; None where it is missing or not readable."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"[0-9]{1,7}", value):
        return float(value)
    try:
        when = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(headers.get("Date", ""))
        return max(0.0, (when - sent).total_seconds())
    except (ValueError, TypeError):
        return None


def looks_like(text: bytes) -> str:
    """Say in a word what an answer is that is not what was asked for."""
    start = text[:512].lower()
    if b"<!doctype html" in start or b"<html" in start:
        return "a login page" if b"login" in text[:20_000].lower() else "an HTML page"
    return "XML" if start.startswith(b"<?xml") else "text"


def plain(text: str, token: SecretStr) -> str:
    """Make a message of a site fit for a person: no tags, one line, short, and without the token."""
    secret = token.get_secret_value()

    def without(some: str) -> str:
        return some.replace(secret, "***") if secret else some

    # Cut before the pattern, which takes the square of a text of many "<"; and once more hidden where that had marks.
    line = " ".join(unescape(re.sub(r"<[^>]*>", " ", without(text)[: 10 * _MESSAGE_LENGTH])).split())
    return without(line)[:_MESSAGE_LENGTH]
