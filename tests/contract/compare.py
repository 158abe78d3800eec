"""Comparing an answer with a recorded one: shape at every level, values unless they belong to that one site."""

from __future__ import annotations

import re
from operator import itemgetter
from typing import Any

HOST = "https://moodle.example.edu"

TIMES = frozenset({"timecreated", "timemodified", "gradeddate", "added"})
"""Keys whose values are times: only their type is compared."""

OF_ONE_SITE = {
    "functions": "the recorded service holds functions that the sandbox does not have",
    "description": "lorem ipsum that was cut in the recording",
    "userprivateaccesskey": "a random key",
}
"""Keys whose content belongs to the recorded site: only shape and types are compared, for lists of the first item."""

UNORDERED = {"preferences": "name"}
"""Lists in no particular order, with the key to sort them by; their values are times."""

_MORE_ITEMS = re.compile(r"\.\.\. (\d+) more")
_MORE_TEXT = re.compile(r"\.\.\. \d+ more characters$")
_LONG_AGO = 1_000_000_000
_LONG_NUMBER = re.compile(r"\d{9,}")


def differences(recorded: Any, answered: Any, url: str, path: str = "", *, shape_only: bool = False) -> list[str]:
    """List where ``answered``, from a site at ``url``, is not as ``recorded``; empty when it is."""
    if type(recorded) is not type(answered):
        return [f"{path}: {answered!r} instead of {recorded!r}"]
    if isinstance(recorded, dict):
        return _of_dicts(recorded, answered, url, path, shape_only=shape_only)
    if isinstance(recorded, list):
        return _of_lists(recorded, answered, url, path, shape_only=shape_only)
    if shape_only or _normal(recorded, url) == _normal(answered, url):
        return []
    if isinstance(recorded, str) and _MORE_TEXT.search(recorded):
        return []
    return [f"{path}: {answered!r} instead of {recorded!r}"]


def _of_dicts(
    recorded: dict[str, Any], answered: dict[str, Any], url: str, path: str, *, shape_only: bool
) -> list[str]:
    found = [f"{path}.{name} is missing" for name in recorded.keys() - answered.keys()]
    found += [f"{path}.{name} is too much" for name in answered.keys() - recorded.keys()]
    for name in recorded.keys() & answered.keys():
        one, other = recorded[name], answered[name]
        if name in UNORDERED:
            one, other = (sorted(each, key=itemgetter(UNORDERED[name])) for each in (one, other))
        loose = shape_only or name in TIMES or name in OF_ONE_SITE
        found += differences(one, other, url, f"{path}.{name}", shape_only=loose)
    return found


def _of_lists(recorded: list[Any], answered: list[Any], url: str, path: str, *, shape_only: bool) -> list[str]:
    wanted, more = recorded, 0
    cut = _MORE_ITEMS.fullmatch(recorded[-1]) if recorded and isinstance(recorded[-1], str) else None
    if cut:
        wanted, more = recorded[:-1], int(cut[1])
    found = []
    if shape_only:
        wanted, answered = wanted[:1], answered[:1]
    elif len(wanted) + more != len(answered):
        found.append(f"{path}: {len(answered)} items instead of {len(wanted) + more}")
    for index, (one, other) in enumerate(zip(wanted, answered, strict=False)):
        found += differences(one, other, url, f"{path}[{index}]", shape_only=shape_only)
    return found


def _normal(value: Any, url: str) -> Any:
    """Take out what belongs to one site: its address and times."""
    if isinstance(value, str):
        return _LONG_NUMBER.sub("TIME", value.replace(url, HOST))
    return "TIME" if isinstance(value, int) and value > _LONG_AGO else value
