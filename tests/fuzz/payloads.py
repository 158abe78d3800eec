"""Payloads of any method: right but for one or two places, or nonsense; made from the registry's own models."""

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st
from pydantic import AliasChoices, BaseModel

from rpc_moodle.methods import METHODS
from utils.registry import Method

TEXTS = st.text(st.characters(), max_size=30)  # lone surrogates included
EDGES = ["", "abc", "0", "-1", "2", " 2 ", 2, 2**31, 2**63, 2**80, 1e308, -0.0, "٢", "\x00", "x" * 5000]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | TEXTS | st.sampled_from(EDGES)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5), max_leaves=15
)
EVENTS = st.sampled_from(METHODS.events) | JSON


def names(model: type[BaseModel]) -> Iterator[str]:
    """Every key that a model knows at its top level, in all dialects."""
    for name, field in model.model_fields.items():
        choices = field.validation_alias
        if isinstance(choices, AliasChoices):
            yield from map(str, choices.choices)
        else:
            yield str(choices or field.alias or name)


@st.composite
def nearly(draw: st.DrawFn, value: Any) -> Any:
    """The value, wrong in one place somewhere within."""
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from([*value]))
        if draw(st.booleans()):
            return value | {key: draw(nearly(value[key]))}
        return {name: item for name, item in value.items() if name != key}
    if isinstance(value, list) and value and draw(st.booleans()):
        index = draw(st.integers(0, len(value) - 1))
        return [*value[:index], draw(nearly(value[index])), *value[index + 1 :]]
    return draw(JSON)


def payloads(method: Method, plausible: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Payloads of a method; ``plausible`` has right values for keys that are named so."""
    if method.request_model is None:
        return JSON
    known = [*names(method.request_model)]
    right = {key: plausible[key] for key in known if key in plausible}
    odd = st.dictionaries(st.sampled_from(known) | TEXTS, st.sampled_from([*right.values()]) | JSON, max_size=2)
    nearly_right = odd.map(lambda more: {**right, **more})
    return nearly_right | nearly(right) | nearly(right).flatmap(nearly)
