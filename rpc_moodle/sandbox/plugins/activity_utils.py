"""The plugin local_activity_utils 5.2, as far as it changes assignments (``utils.*``)."""

from __future__ import annotations

import base64
import json
from typing import Any

from rpc_moodle.sandbox.errors import missing_record
from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.params import OMITTED, integer, text
from rpc_moodle.sandbox.plugins.editing import TOKEN_NAMES, attach, editable, let_edit
from rpc_moodle.sandbox.site import Site

__all__ = ["FUNCTIONS", "TOKEN_NAMES", "install"]


@function(
    "local_activity_utils_update_assignment",
    assignmentid=integer(),
    name=text(OMITTED),
    intro=text(OMITTED),
    duedate=integer(OMITTED),
    introfiles=text(OMITTED),
)
def update_assignment(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is named, and nothing else."""
    found = call.site.assignments.get(params["assignmentid"])
    if found is None:
        raise missing_record("assign")
    one = editable(call, found, "Update assignments via API")
    one.name = params.get("name", one.name)
    one.intro = params.get("intro", one.intro)
    one.duedate = params.get("duedate", one.duedate)
    one.timemodified = call.site.now()
    for file in json.loads(params.get("introfiles", "[]")):
        attach(call, one, file["filename"], base64.b64decode(file["content"]))
    message = "Assignment updated successfully"
    return {"id": one.id, "coursemoduleid": one.cmid, "name": one.name, "success": True, "message": message}


def install(site: Site) -> None:
    """Let a teacher and a student call it."""
    let_edit(site, FUNCTIONS)


FUNCTIONS = (update_assignment,)
