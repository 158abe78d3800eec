"""What is looked at before a service starts: misspelt variables, weak secrets; and what it says of itself."""

import difflib
from collections.abc import Collection, Iterator, Mapping

from pydantic import SecretStr, ValidationError

from utils.settings import SHORTEST_SECRET, KitSettings, holds_secrets

_WANTED = {"int": "be a whole number", "float": "be a number", "bool": "be true or false"}


def misspelt(kind: type[KitSettings], names: Collection[str], *, also: Collection[str] = ()) -> Iterator[str]:
    """Say of each variable with the service's prefix that nothing reads it, and which is meant.

    ``also`` are further variables with that prefix, which others read.
    """
    prefix = str(kind.model_config.get("env_prefix", ""))
    known = {f"{prefix}{name.upper()}" for name in kind.model_fields}
    known |= {
        f"{prefix}{name.upper()}_FILE" for name, field in kind.model_fields.items() if holds_secrets(field.annotation)
    }
    known |= set(also)
    for name in sorted(names):
        if prefix and name.upper().startswith(prefix) and name.upper() not in known:
            nearest = difflib.get_close_matches(name.upper(), sorted(known), n=1, cutoff=0)
            yield f"{name}: there is no such setting; the nearest is {nearest[0]}."


def twice(kind: type[KitSettings], environment: Mapping[str, str]) -> Iterator[str]:
    """Say of each secret that it stands in a variable and in a file, and nobody knows which is meant."""
    prefix = str(kind.model_config.get("env_prefix", ""))
    for field in kind.model_fields:
        name = f"{prefix}{field.upper()}"
        if environment.get(name) and environment.get(f"{name}_FILE"):
            yield f"{name}: it stands in {name}_FILE, too; set one of the two."


def wrong(error: ValidationError, prefix: str) -> Iterator[str]:
    """Say of each setting that cannot be used what is wrong with it, without its value."""
    for problem in error.errors(include_url=False, include_input=False):
        known = _WANTED.get(problem["type"].partition("_")[0], "")
        text = known or problem["msg"].removeprefix("Value error, must ").removeprefix("Input should ")
        name = next((str(part) for part in problem["loc"]), "")
        yield f"{prefix}{name.upper()} must {text}."


def weak(settings: KitSettings) -> Iterator[str]:
    """Say of each list of secrets that one in it is too short."""
    prefix = settings.model_config.get("env_prefix", "")
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        lengths = [len(each) for each in value if isinstance(each, SecretStr)] if isinstance(value, tuple) else []
        if short := [length for length in lengths if length < SHORTEST_SECRET]:
            yield (
                f"{prefix}{name.upper()}: a secret of {short[0]} characters can be guessed; {SHORTEST_SECRET} are the "
                "least. Make one with: openssl rand -hex 32."
            )


def effective(settings: KitSettings) -> dict[str, object]:
    """Give all settings for the log: of secrets their lengths alone."""
    shown: dict[str, object] = {}
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if holds_secrets(type(settings).model_fields[name].annotation):
            secrets = value if isinstance(value, tuple) else (value,)
            shown[f"{name}_lengths"] = [len(each) for each in secrets if each is not None]
        else:
            shown[name] = list(value) if isinstance(value, tuple) else value
    return shown
