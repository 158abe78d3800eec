"""Keys of a payload that no model knows: a misspelt one must not pass for one that was left out."""

import difflib
import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, get_args

from pydantic import AliasChoices, AliasPath, BaseModel
from pydantic.fields import FieldInfo

OPTIONS = "options"
"""The key of a request under which it says how the call is done."""

_ALIKE = 0.8
"""How like a known key another must be for the one to be meant by it: ``dryRuns`` and ``dryRun`` are 0.92."""

_SECRET = re.compile(r"(?=.*[0-9]).{16,}|.{41,}|.*[^\w.$-]")
"""What may be a value in the place of a key, such as a token; it is not repeated."""


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """A key that was ignored: where it stands, the known key that it resembles, and whether that is ``elsewhere``."""

    path: str
    nearest: str | None = None
    elsewhere: bool = False

    @property
    def sentence(self) -> str:
        """What is wrong and what to write instead."""
        if self.elsewhere:
            return f"{self.path} has no meaning there; {self.nearest} stands at the top level of the payload."
        if self.nearest:
            return f"{self.path} is no key of this call; {self.nearest} is meant, it seems."
        return f"{self.path} is no key of this call."


@dataclass(frozen=True, slots=True)
class _Shape:
    """The keys of a model as callers write them, a documented name before its others, and the shapes below them."""

    known: tuple[str, ...]
    below: Mapping[str, "_Shape"]


def unknown_keys(model: type[BaseModel], payload: Mapping[Any, Any]) -> Iterator[UnknownKey]:
    """List the keys of a payload that the request model ignores, in the models below it, too.

    A key resembles another when they differ in case, ``_`` and ``-`` alone, or in a few letters. A key of the
    top level that stands further down is ``elsewhere``.
    """
    shape = _shape(model)
    return _unknown(payload, shape, shape.known, "")


def _unknown(value: object, shape: _Shape, top: tuple[str, ...], path: str) -> Iterator[UnknownKey]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _unknown(item, shape, top, f"{path}{index}.")
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if key in shape.known:
            if key in shape.below:
                yield from _unknown(inner, shape.below[key], top, f"{path}{key}.")
            continue
        nearest = _nearest(str(key), shape.known)
        misplaced = None if nearest or not path else _nearest(str(key), top, alike=1)
        yield UnknownKey(f"{path}{_shown(str(key))}", nearest or misplaced, elsewhere=misplaced is not None)


def _nearest(key: str, known: tuple[str, ...], alike: float = _ALIKE) -> str | None:
    plain = {_plain(name): name for name in reversed(known)}
    found = difflib.get_close_matches(_plain(key[:100]), plain, n=1, cutoff=alike)
    return plain[found[0]] if found else None


def _plain(key: str) -> str:
    return key.casefold().replace("_", "").replace("-", "")


def _shown(key: str) -> str:
    return "a key that looks like a value" if _SECRET.match(key) else key


@cache
def _shape(model: type[BaseModel]) -> _Shape:
    """Read a model's keys once: it is costly, and holds no data of any call."""
    known: list[str] = []
    below: dict[str, _Shape] = {}
    in_options: list[str] = list(getattr(model, "in_options", ()))
    for name, field in model.model_fields.items():
        names, inside = _names(name, field)
        known += names
        in_options += inside
        inner = _inner(field.annotation)
        if inner is not None:
            below |= dict.fromkeys(names, _shape(inner))
    if in_options and OPTIONS in below:
        options = below[OPTIONS]
        below[OPTIONS] = _Shape((*options.known, *in_options), options.below)
    return _Shape(tuple(known), below)


def _names(name: str, field: FieldInfo) -> tuple[list[str], list[str]]:
    """Return the keys under which a field may stand, and those that it may have inside ``options``."""
    alias = field.validation_alias or field.alias or name
    names: list[str] = []
    inside: list[str] = []
    for choice in alias.choices if isinstance(alias, AliasChoices) else (alias,):
        if not isinstance(choice, AliasPath):
            names.append(choice)
        elif choice.path[0] == OPTIONS:
            inside.append(str(choice.path[1]))
        else:
            names.append(str(choice.path[0]))
    return names, inside


def _inner(annotation: object) -> type[BaseModel] | None:
    """Find the model in an annotation such as ``tuple[Model, ...] | None``."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for each in get_args(annotation) if (found := _inner(each))), None)
