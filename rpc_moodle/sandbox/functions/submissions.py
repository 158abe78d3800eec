"""``mod_assign_get_submissions``, and how a submission looks."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.attempts import counted
from rpc_moodle.sandbox.functions.base import Call, function, gradable, warning
from rpc_moodle.sandbox.params import Many, integer, letters
from rpc_moodle.sandbox.texts import HTML, shown
from rpc_moodle.sandbox.work import Assignment, Submission


@function(
    "mod_assign_get_submissions",
    assignmentids=Many(integer()),
    status=letters(""),
    since=integer(0),
    before=integer(0),
)
def get_submissions(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """List the latest attempts, a team's one as its own row with ``userid`` 0 (``submissions.*``).

    To tell whether they are graded, Moodle looks for the attempt of each owner, taking the caller for a team's: where
    there is none, a row with status ``new`` is made, which the next call lists (``team_none.after_reading``).
    """
    found, warnings = gradable(call, params["assignmentids"])
    status, since, before = params["status"], params["since"], params["before"]
    answered = []
    for assignment in found:
        rows = [
            describe(call, assignment, one) | {"gradingstatus": assignment.grading_status(one.userid)}
            for _, one in sorted(assignment.submissions.items())
            if one.latest
            and (not status or one.status == status)
            and one.timemodified >= since
            and (not before or one.timemodified <= before)
        ]
        if not assignment.markingworkflow:
            for row in rows:
                counted(call.site, assignment, row["userid"] or call.user.id)
        answered.append({"assignmentid": assignment.id, "submissions": rows})
        if not rows:
            warnings.append(warning("module", assignment.id, "3", "No submissions found"))
    return {"assignments": answered, "warnings": warnings}


def describe(call: Call, assignment: Assignment, one: Submission) -> dict[str, Any]:
    """Give the columns of a submission and what its plugins hold."""
    return {
        "id": one.id,
        "userid": one.userid,
        "attemptnumber": one.attemptnumber,
        "timecreated": one.timecreated,
        "timemodified": one.timemodified,
        "timestarted": None,
        "status": one.status,
        "groupid": one.groupid,
        "plugins": _plugins(call, assignment, one),
    }


def _plugins(call: Call, assignment: Assignment, one: Submission) -> list[dict[str, Any]]:
    plugins: list[dict[str, Any]] = []
    if assignment.text_submissions:
        text, text_format = shown(one.onlinetext or "", HTML if one.onlinetext else 0, raw=call.raw)
        plugins.append(
            {
                "type": "onlinetext",
                "name": "Online text",
                "fileareas": [{"area": "submissions_onlinetext", "files": []}],
                "editorfields": [
                    {
                        "name": "onlinetext",
                        "description": "Online text submissions",
                        "text": text,
                        "format": text_format,
                    }
                ],
            }
        )
    if assignment.file_submissions:
        files = [
            {
                "filename": file.filename,
                "filepath": file.filepath,
                "filesize": file.size,
                "fileurl": f"{call.url}/webservice/pluginfile.php{file.url_path(assignment.contextid, one.id)}",
                "timemodified": file.timemodified,
                "mimetype": file.mimetype,
                "isexternalfile": False,
                "icon": file.icon,
            }
            for file in one.files
        ]
        area = {"area": "submission_files", "files": files}
        plugins.append({"type": "file", "name": "File submissions", "fileareas": [area]})
    plugins.append({"type": "comments", "name": "Submission comments"})
    return plugins


FUNCTIONS = (get_submissions,)
