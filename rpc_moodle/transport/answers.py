"""What any site's answer tells before its own words count: when to come back, what it is, words for a person."""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from html import unescape
from urllib.parse import unquote_plus

from pydantic import SecretStr

LONG = 1024 * 1024
"""Bytes from which on an answer is read in a thread, slice by slice: at once it would hold the interpreter's lock."""

_MESSAGE_LENGTH = 300
_SHORTEST_DISGUISED = 8  # a shorter one stands in many a text by chance
_ESCAPED = 3  # times that a text may have been escaped
_TAG = re.compile(r"<[^<>]*>")
_URLSAFE = ((ord("+"), "-"), (ord("/"), "_"))
_LEFT_OUT = "(The site's own words are left out: they hold the API key.)"


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
    except (ValueError, TypeError, OverflowError):
        return None


def looks_like(text: bytes) -> str:
    """Say in a word what an answer is that is not what was asked for."""
    start = text[:512].lower()
    if b"<!doctype html" in start or b"<html" in start:
        return "a login page" if b"login" in text[:20_000].lower() else "an HTML page"
    return "XML" if start.startswith(b"<?xml") else "text"


def plain(text: str, token: SecretStr) -> str:
    """Make a message of a site fit for a person: no tags, one line, short, and without the token in any disguise."""
    secret = token.get_secret_value()
    line = text.replace(secret, "***") if secret else text
    line = line[: 10 * _MESSAGE_LENGTH]  # before the pattern, which takes the square of a text of many "<"
    for _ in range(_ESCAPED):
        line, before = _TAG.sub(" ", unescape(line)), line
        if line == before:
            break
    line = " ".join(line.split())
    if len(secret) >= _SHORTEST_DISGUISED and _is_disguised(secret, line):
        return _LEFT_OUT
    return (line.replace(secret, "***") if secret else line)[:_MESSAGE_LENGTH]


def _is_disguised(secret: str, line: str) -> bool:
    """Tell whether a secret stands in a text: in pieces, in another case, escaped for a URL, or in base64."""
    line = line.replace(secret, "")
    solid = _solid(line)
    if any(form in solid for form in _base64_forms(secret)):
        return True
    hidden = _solid(secret).lower()
    for _ in range(_ESCAPED):
        if hidden in _solid(line).lower():
            return True
        line = unquote_plus(line)
    return False


def _solid(text: str) -> str:
    """Take out what shows nothing: spaces, and whatever a terminal does not print."""
    solid = "".join(text.split())
    return solid if solid.isprintable() else "".join(filter(str.isprintable, solid))


def _base64_forms(secret: str) -> Iterator[str]:
    """Write what of a secret's base64 does not hang on what stands before and after it."""
    raw = secret.encode()
    for offset in range(3):
        bits = b64encode(bytes(offset) + raw)
        middle = bits[(0, 2, 3)[offset] : (offset + len(raw)) * 8 // 6].decode()
        yield middle
        yield middle.translate(dict(_URLSAFE))
