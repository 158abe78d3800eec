"""The files that an assignment's graders give as feedback, and how a draft area takes their place."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.people import User
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import Assignment, Grade

AREA = ("assignfeedback_file", "feedback_files")
"""Plugin and area, as they stand in the addresses of the files (``feedback.file_status``)."""


def give(site: Site, assignment: Assignment, row: Grade, user: User, draft: int) -> bool:
    """Put the files of a user's draft area in the place of all that were there, and tell whether they differ.

    A draft area that is another's, or nobody's, is empty. What is larger than the course takes is left out, without a
    word and from the old files, too (seen on Moodle 4.5).
    """
    area = site.drafts.get(draft)
    sent = area.files if area is not None and area.userid == user.id else []
    limit = site.courses[assignment.courseid].maxbytes
    taken = sorted((file for file in sent if not limit or file.size <= limit), key=_place)
    if [(_place(file), file.sha1) for file in row.files] == [(_place(file), file.sha1) for file in taken]:
        return False
    row.files = [StoredFile(file.filename, file.content, file.filepath, site.now()) for file in taken]
    return True


def listed(url: str, assignment: Assignment, row: Grade) -> dict[str, Any]:
    """Describe the files as a feedback plugin (``feedback.file_status``)."""
    files = [
        {
            "filename": file.filename,
            "filepath": file.filepath,
            "filesize": file.size,
            "fileurl": f"{url}/webservice/pluginfile.php{file.path_in(assignment.contextid, AREA, row.id)}",
            "timemodified": file.timemodified,
            "mimetype": file.mimetype,
            "isexternalfile": False,
            "icon": file.icon,
        }
        for file in row.files
    ]
    return {"type": "file", "name": "Feedback files", "fileareas": [{"area": AREA[1], "files": files}]}


def _place(file: StoredFile) -> tuple[str, str]:
    return file.filepath, file.filename
