"""What an endpoint of the plugin is given and what it answers with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rpc_moodle.sandbox.moopanel.panel import Panel


@dataclass(frozen=True)
class Asked:
    """A request: ``rest`` is the path after the endpoint, ``data`` what is in the wrapper, None without a right one."""

    panel: Panel
    site: str
    url: str
    method: str
    rest: str
    query: Mapping[str, str]
    data: dict[str, Any] | None

    def given(self, name: str) -> Any:
        """Give a value of the wrapper, None where it is missing or PHP takes it for false."""
        return (self.data or {}).get(name) or None


class Refusal(Exception):
    """The plugin refuses with a status and a sentence."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


class ErrorPage(Exception):
    """The plugin fails, and Moodle shows its error page."""


def bad(text: str) -> Refusal:
    """Make the refusal of a wrong request."""
    return Refusal(400, text)
