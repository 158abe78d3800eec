"""webservice/pluginfile.php: stored files with ETag and ranges, refusals as JSON with status 200 (``file.*``)."""

from __future__ import annotations

import asyncio
import re
from email.utils import formatdate
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from rpc_moodle.sandbox.access import authenticate
from rpc_moodle.sandbox.errors import access_denied, file_not_found, missing_argument
from rpc_moodle.sandbox.feedback_files import AREA
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.people import GRADE, VIEW_HIDDEN, User
from rpc_moodle.sandbox.site import Mode, Site
from rpc_moodle.sandbox.work import Assignment, Submission

SCRIPT: Final = "/webservice/pluginfile.php"

_LARGE: Final = 16 * 1024 * 1024
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def send_file(site: Site, request: web.Request, form: dict[str, str]) -> web.StreamResponse:
    """Send the file that the path names, or part of it.

    Raises:
        MoodleError: the token's refusals, ``accessexception`` for a service without downloads, ``filenotfound``.

    """
    if site.mode is Mode.WEBSERVICES_DISABLED:
        raise access_denied()
    if "token" not in form:
        raise missing_argument("token")
    user, service = authenticate(site, form["token"], request.remote or "")
    if not service.downloadfiles:
        raise access_denied()
    path = unquote(request.raw_path.partition("?")[0])[len(SCRIPT) :]
    return await _send(request, _find(site, user, path))


def _find(site: Site, user: User, path: str) -> StoredFile:
    parts = path.split("/", 5)
    if len(parts) < 6 or not (parts[1].isdecimal() and parts[4].isdecimal()):  # noqa: PLR2004 - as many as url_path has
        raise file_not_found()
    assignment = site.by_context(int(parts[1]))
    if assignment is not None and parts[2:4] == ["mod_assign", "introattachment"]:
        for file in assignment.introattachments:
            if file.filepath + file.filename == f"/{parts[5]}" and _may_enter(site, user, assignment):
                return file
    if assignment is not None and tuple(parts[2:4]) == AREA:
        return _feedback(site, user, assignment, int(parts[4]), f"/{parts[5]}")
    submission = assignment.submissions.get(int(parts[4])) if assignment else None
    if assignment is None or submission is None or parts[2:4] != ["assignsubmission_file", "submission_files"]:
        raise file_not_found()
    wanted = f"/{parts[5]}"
    for file in submission.files:
        if file.filepath + file.filename == wanted and _may_read(site, user, assignment, submission):
            return file
    raise file_not_found()


def _feedback(site: Site, user: User, assignment: Assignment, number: int, wanted: str) -> StoredFile:
    """Find a feedback file: for graders and its owner, released or not (seen on Moodle 4.5)."""
    for row in assignment.grades.values():
        for file in row.files if row.id == number else ():
            grader = site.may(user, GRADE, site.courses[assignment.courseid])
            if file.filepath + file.filename == wanted and (grader or user.id == row.userid):
                return file
    raise file_not_found()


def _may_enter(site: Site, user: User, assignment: Assignment) -> bool:
    course = site.courses[assignment.courseid]
    return site.can_enter(user, course) and (assignment.visible or site.may(user, VIEW_HIDDEN, course))


def _may_read(site: Site, user: User, assignment: Assignment, submission: Submission) -> bool:
    course = site.courses[assignment.courseid]
    if site.may(user, GRADE, course):
        return True
    if not _may_enter(site, user, assignment):
        return False
    if assignment.teamsubmission and not submission.userid:
        return user.id in site.team_members(assignment, submission.groupid)
    return submission.userid == user.id


def _part(file: StoredFile, asked: str) -> tuple[int, int] | None:
    """Read a Range header as ``[start, stop)``; ``None`` sends the whole file, as for a range past the end."""
    match = _RANGE.fullmatch(asked.strip())
    if not match or not file.ranges or not any(match.groups()):
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, file.size - int(last))
    stop = min(int(last) + 1, file.size) if first and last else file.size
    return (start, stop) if start < stop else None


async def _send(request: web.Request, file: StoredFile) -> web.StreamResponse:
    # A file of gigabytes takes seconds to hash: other requests go on meanwhile.
    etag = f'"{await asyncio.to_thread(lambda: file.sha1) if file.size > _LARGE else file.sha1}"'
    headers = {
        "Content-Disposition": f'attachment; filename="{file.filename}"',
        "ETag": etag,
        "Last-Modified": formatdate(file.timemodified, usegmt=True),
    }
    if request.headers.get("If-None-Match") == etag:
        return web.Response(status=304, headers=headers)
    headers |= {"Content-Type": file.content_type, "Accept-Ranges": "bytes" if file.ranges else "none"}
    part = _part(file, request.headers.get("Range", ""))
    start, stop = part or (0, file.size)
    if part:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{file.size}"
    response = web.StreamResponse(status=206 if part else 200, headers=headers)
    response.content_length = stop - start
    await response.prepare(request)
    if request.method != "HEAD":
        for piece in file.pieces(start, stop):
            await response.write(piece)
    await response.write_eof()
    return response
