"""The plugin local_coursepilot 1.0.54, as far as it changes assignments (``pilot.*``)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from rpc_moodle.sandbox.errors import invalid_parameter
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.params import integer, text
from rpc_moodle.sandbox.plugins.editing import TOKEN_NAMES, attach, editable, let_edit
from rpc_moodle.sandbox.site import Site

__all__ = ["FUNCTIONS", "TOKEN_NAMES", "install"]
_RIGHT = "Use Coursepilot"


@function("local_coursepilot_update_assign", cmid=integer(), name=text(""), description=text(""), duedate=integer(-1))
def update_assign(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is named; an empty text changes nothing (``pilot.empty``)."""
    one = editable(call, call.site.by_cmid(params["cmid"]), _RIGHT)
    one.name = params["name"] or one.name
    one.intro = params["description"] or one.intro
    if params["duedate"] >= 0:
        one.duedate = params["duedate"]
    one.timemodified = call.site.now()
    shown = {"cmid": one.cmid, "message": "Assignment updated successfully.", "name": one.name, "grade": one.grade}
    return shown | {"maxattempts": one.maxattempts, "attemptreopenmethod": one.attemptreopenmethod}


@function(
    "local_coursepilot_upload_assignfile",
    cmid=integer(),
    filename=text(),
    content=text(),
    mimetype=text("application/octet-stream"),
)
def upload_assignfile(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Put a file below the introduction, in place of one of the same name."""
    one = editable(call, call.site.by_cmid(params["cmid"]), _RIGHT)
    try:
        content = base64.b64decode(params["content"], validate=True)
    except binascii.Error:
        raise invalid_parameter() from None
    attach(call, one, params["filename"], content)
    message = f'Datei "{params["filename"]}" erfolgreich hochgeladen (cmid: {one.cmid}).'
    return {"fileid": one.id, "message": message, "files": [each.filename for each in one.introattachments]}


def install(site: Site) -> None:
    """Let a teacher and a student call it."""
    let_edit(site, FUNCTIONS)


FUNCTIONS = (update_assign, upload_assignfile)
