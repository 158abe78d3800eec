"""What never leaves the adapter: API keys, password hashes, secrets of plugins."""

import hashlib
import re
from collections.abc import Mapping
from typing import TypeVar

from pydantic import SecretStr

HIDDEN = "***"

# The settings of all plugins bear names of their authors' choice: rather one hidden too many.
_NAME = re.compile(
    r"pass(?!ing)|pwd|secret|token|credential|(api|private|access|secret|auth)[_-]?key|^key$|[_-]key$|salt$"
)
_HASH = re.compile(r"\$(?:2[abxy]?|5|6|argon2\w*)\$[\w./$=,+-]{8,}")
# What the log of a failed task shows of it: with ``password`` and ``credentials`` (``tasks_check_failed_rowgone``).
_CUSTOM_DATA = re.compile(r"(task custom data:)[^\n]*")

T = TypeVar("T")


def is_secret(name: str) -> bool:
    """Tell by the name of a setting or a column whether its value is a secret."""
    return _NAME.search(name.lower()) is not None


def without_secrets(value: T, key: SecretStr) -> T:
    """Return what was read from an answer, its texts without the key and without password hashes."""
    return _without(value, key.get_secret_value())


def _without(value: T, key: str) -> T:
    if isinstance(value, str):
        return _text(value, key)  # type: ignore[return-value] # a text for a text
    if isinstance(value, list):
        return [_without(each, key) for each in value]  # type: ignore[return-value] # a list for a list
    if isinstance(value, Mapping):
        return {name: _without(each, key) for name, each in value.items()}  # type: ignore[return-value] # likewise
    return value


def _text(text: str, key: str) -> str:
    if key and key in text:
        text = text.replace(key, HIDDEN)
    if "custom data:" in text:
        text = _CUSTOM_DATA.sub(rf"\1 {HIDDEN}", text)
    return _HASH.sub(HIDDEN, text) if "$" in text else text


def opened(values: Mapping[str, SecretStr]) -> dict[str, str]:
    """Open secrets for the body of a request."""
    return {name: value.get_secret_value() for name, value in values.items()}


def fingerprint(key: SecretStr) -> str:
    """Return what stands for a key where keys are told apart: of one length for all, and not to be turned back."""
    return hashlib.sha256(key.get_secret_value().encode("utf-8", "surrogatepass")).hexdigest()
