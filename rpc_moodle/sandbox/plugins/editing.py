"""What the plugins that change assignments share: a service with their functions, and two tokens for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from rpc_moodle.sandbox.errors import missing_unknown_record, no_permission
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.functions.base import Call, Function
from rpc_moodle.sandbox.people import MANAGE, Service, Token
from rpc_moodle.sandbox.seed import FIRST_STUDENT, TEACHER, token_value
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import Assignment

TOKEN_NAMES: Final = ("teacher_edit", "student_edit")
_BESIDES: Final = frozenset({"core_webservice_get_site_info", "mod_assign_get_assignments"})


def let_edit(site: Site, functions: Iterable[Function]) -> None:
    """Add functions to the service, and the service and its tokens if this is the first plugin."""
    known = site.services.get("edit", Service("edit", _BESIDES)).functions
    site.services["edit"] = Service("edit", known | {one.name for one in functions}, uploadfiles=True)
    for name, user in zip(TOKEN_NAMES, (TEACHER, FIRST_STUDENT), strict=True):
        site.tokens[token_value(name)] = Token(token_value(name), user, "edit")


def editable(call: Call, one: Assignment | None, right: str) -> Assignment:
    """Return an assignment that the caller may change; refuse for lack of the plugin's own right.

    Raises MoodleError.
    """
    if one is None:
        raise missing_unknown_record()
    if not call.may(MANAGE, one):
        raise no_permission(right)
    return one


def attach(call: Call, one: Assignment, filename: str, content: bytes) -> None:
    """Put a file below the introduction, in place of one of the same name; Moodle lists them by name."""
    others = [each for each in one.introattachments if each.filename != filename]
    stored = StoredFile(filename, content, timemodified=call.site.now())
    one.introattachments = sorted([*others, stored], key=lambda each: each.filename)
