"""Form fields as PHP reads them, and the parameter declarations they are held against."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rpc_moodle.sandbox.errors import invalid_parameter

REQUIRED: Final = object()
"""The default of a parameter that has none."""

OMITTED: Final = object()
"""The default of a parameter that is left out of the arguments when it is not sent."""

_NAME = re.compile(r"\[([^\]]*)\]")


def nest(pairs: Iterable[tuple[str, str]], limit: int) -> dict[str, Any]:
    """Build PHP's nested array from flat fields such as ``options[0][name]``; fields past ``limit`` vanish.

    PHP drops what exceeds ``max_input_vars`` without a word, which is why a client must split large lists.
    """
    root: dict[str, Any] = {}
    for count, (name, value) in enumerate(pairs):
        if count >= limit:
            break
        head, _, rest = name.partition("[")
        path = [head, *_NAME.findall(f"[{rest}")] if rest else [head]
        node = root
        for key in path[:-1]:
            child = node.setdefault(key or str(len(node)), {})
            if not isinstance(child, dict):  # a scalar of the same name came first: PHP replaces it
                child = node[key] = {}
            node = child
        node[path[-1] or str(len(node))] = value
    return root


def _integer(value: str) -> int:
    if not re.fullmatch(r"-?(0|[1-9]\d*)", value):
        raise invalid_parameter()
    return int(value)


def _float(value: str) -> float:
    if not re.fullmatch(r"-?\d+(\.\d+)?", value):
        raise invalid_parameter()
    return float(value)


def _bool(value: str) -> bool:
    if value not in {"", "0", "1"}:
        raise invalid_parameter()
    return value == "1"


def _alpha(value: str) -> str:
    if not re.fullmatch(r"[a-zA-Z]*", value):
        raise invalid_parameter()
    return value


@dataclass(frozen=True)
class Value:
    """One scalar; ``read`` turns the form's string into it or refuses."""

    read: Callable[[str], Any]
    default: Any = REQUIRED

    def check(self, given: Any) -> Any:
        """Convert what was sent; raises ``invalidparameter`` for anything else than a readable scalar."""
        if not isinstance(given, str):
            raise invalid_parameter()
        return self.read(given)


@dataclass(frozen=True)
class Struct:
    """Named parameters; unexpected ones are refused (``course.edit_module_update``)."""

    keys: Mapping[str, Value | Struct | Many]
    default: Any = REQUIRED

    def check(self, given: Any) -> dict[str, Any]:
        """Convert every key; raises ``invalidparameter`` for one that is missing, unexpected or wrong."""
        if not isinstance(given, dict) or given.keys() - self.keys.keys():
            raise invalid_parameter()
        checked = {}
        for name, wanted in self.keys.items():
            if name in given:
                checked[name] = wanted.check(given[name])
            elif wanted.default is REQUIRED:
                raise invalid_parameter()
            elif wanted.default is not OMITTED:
                checked[name] = wanted.default
        return checked


@dataclass(frozen=True)
class Many:
    """A list of one kind of parameter; the keys in the form do not matter, their order does."""

    item: Value | Struct | Many
    default: Any = REQUIRED

    def check(self, given: Any) -> list[Any]:
        """Convert every item; raises ``invalidparameter`` for a scalar or a wrong item."""
        if not isinstance(given, dict):
            raise invalid_parameter()
        return [self.item.check(value) for value in given.values()]


def integer(default: Any = REQUIRED) -> Value:
    """Declare a whole number; ``2.0``, ``abc`` and ``12; drop`` are refused."""
    return Value(_integer, default)


def number(default: Any = REQUIRED) -> Value:
    """Declare a number."""
    return Value(_float, default)


def boolean(default: Any = REQUIRED) -> Value:
    """Declare a truth value, ``0`` or ``1`` in the form."""
    return Value(_bool, default)


def text(default: Any = REQUIRED) -> Value:
    """Declare any text."""
    return Value(str, default)


def letters(default: Any = REQUIRED) -> Value:
    """Declare a word of letters, as workflow states are."""
    return Value(_alpha, default)


@dataclass(frozen=True)
class Settings:
    """The ``moodlewssetting…`` fields that change how answers are written."""

    raw: bool = False
    filter: bool = False
    json: bool = False
    arguments: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def split(cls, form: Mapping[str, Any]) -> Settings:
        """Separate settings and credentials from the function's own arguments."""
        own = {key: value for key, value in form.items() if not key.startswith(("moodlews", "ws"))}
        return cls(
            raw=form.get("moodlewssettingraw") == "1",
            filter=form.get("moodlewssettingfilter") == "1",
            json=form.get("moodlewsrestformat") == "json",
            arguments=own,
        )
