"""What the key of a publication may call, asked once or found out by being refused."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import SiteInfo

T = TypeVar("T")

Gate = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Coroutine[Any, Any, Any]]
"""Runs a request when there is a place for it."""

_REFUSED: Final = frozenset({"accessexception", ""})  # the latter: left out of an answer, with warning 1

STATUS: Final = "mod_assign_get_submission_status"
BATCH: Final = "tool_mobile_call_external_functions"


@dataclass
class Key:
    """The functions of a key: ``allowed`` where the site tells them, ``refused`` what it has refused.

    ``uploads``: whether it can upload files, None where nothing tells; ``max_upload`` bytes at most, 0 for any number.
    """

    moodle: MoodleClient
    gate: Gate
    allowed: frozenset[str] | None = None
    account: int | None = None
    refused: set[str] = field(default_factory=set)
    uploads: bool | None = None
    max_upload: int = 0

    async def ask(self) -> None:
        """Ask the site what the key may call; a key that may not even ask is found out call by call.

        Raises MoodleError.
        """
        function = "core_webservice_get_site_info"

        async def info() -> SiteInfo:
            return await self.moodle.call(function, into=SiteInfo)

        found = await self.may(function, info)
        if found is not None:
            self.allowed = frozenset(each.name for each in found.functions) or None
            self.account = found.userid or None
            self.uploads = found.uploadfiles
            self.max_upload = max(0, found.usermaxuploadfilesize)

    def knows(self, function: str) -> bool:
        """Whether the key is known to have a function."""
        return self.allowed is not None and function in self.allowed

    def lacks(self, function: str) -> bool:
        """Whether the key is known not to have a function."""
        return function in self.refused or (self.allowed is not None and function not in self.allowed)

    async def may(self, function: str, call: Callable[[], Coroutine[Any, Any, T]]) -> T | None:
        """Call a function unless it is known to be refused; None where it is.

        Raises any MoodleError but that refusal.
        """
        if self.lacks(function):
            return None
        try:
            answer: T = await self.gate(call)
        except errors.AccessDenied as denied:
            if denied.errorcode not in _REFUSED:
                raise  # about one user, who may be in a group that the account does not see
            self.refused.add(function)
            return None
        return answer
