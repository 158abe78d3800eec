"""How people write values: units, synonyms, lists, networks, origins; each reader takes what is right as it is."""

import re
from collections.abc import Mapping
from ipaddress import ip_network

_SECONDS = {"ms": 0.001, "s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}
_BYTES = {"b": 1, "k": 2**10, "kib": 2**10, "m": 2**20, "mib": 2**20, "g": 2**30, "gib": 2**30}
_BYTES |= {"kb": 10**3, "mb": 10**6, "gb": 10**9}
_WORDS = {"warn": "warning", "err": "error", "none": "off", "disabled": "off", "enabled": "on"}
_QUANTITY = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([a-z]+)")


def split(value: object) -> object:
    """Read a list: its parts separated by commas."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def word(value: object) -> object:
    """Read a word in any case, and those that mean the same: ``WARN`` is ``warning``."""
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    return _WORDS.get(text, text)


def seconds(value: object) -> object:
    """Read a time in seconds, or with a unit: ``1.5m``. Raises ValueError for an unknown unit."""
    return _quantity(value, _SECONDS, "a number of seconds, or one with a unit: 25s, 5m, 12h, 7d")


def milliseconds(value: object) -> object:
    """Read a time in milliseconds, or with a unit: ``25s``. Raises ValueError for an unknown unit."""
    thousand = {unit: factor * 1000 for unit, factor in _SECONDS.items()}
    return _quantity(value, thousand, "a number of milliseconds, or one with a unit: 500ms, 25s, 1m")


def byte_count(value: object) -> object:
    """Read a number of bytes, or one with a unit: ``32MiB``. Raises ValueError for an unknown unit."""
    return _quantity(value, _BYTES, "a number of bytes, or one with a unit: 64KiB, 32MiB, 1GiB")


def _quantity(value: object, units: Mapping[str, float], wanted: str) -> object:
    if not isinstance(value, str):
        return value
    text = value.strip().lower().replace("_", "")
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", text):
        return text
    found = _QUANTITY.fullmatch(text)
    if found is None or found[2] not in units:
        raise ValueError(f"must be {wanted}")
    amount = float(found[1]) * units[found[2]]
    return int(amount) if amount == int(amount) else amount


def origin(text: str) -> str:
    """Check that a text is a web origin, scheme and host and no more, or ``*``. Raises ValueError."""
    if text != "*" and not re.fullmatch(r"https?://(\[[0-9a-fA-F:.]+\]|[^\s/:?#@*]+)(:[0-9]{1,5})?", text):
        raise ValueError("must be origins with their scheme and without a path, such as https://app.example.edu, or *")
    return text


def network(text: str) -> str:
    """Check that a text is an address or a network. Raises ValueError."""
    try:
        return str(ip_network(text, strict=False))
    except ValueError:
        raise ValueError("must be addresses or networks, such as 172.18.0.1 or 10.0.0.0/8") from None


def host_name(text: str) -> str:
    """Check that a text is a host's name or address and no more, or ``*.`` and a domain. Raises ValueError."""
    if not re.fullmatch(r"(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*", text):
        raise ValueError(
            "must be hosts without scheme, port or path, such as moodle.example.edu, or *.example.edu for all below it"
        )
    if re.fullmatch(r"[^:]*:[0-9]{1,5}", text):
        raise ValueError("must be hosts without a port: every port of a host is meant")
    return text
