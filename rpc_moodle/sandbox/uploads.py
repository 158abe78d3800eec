"""webservice/upload.php: files into a draft area of the caller's (``upload.*``, ``student.upload*``)."""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp import web

from rpc_moodle.sandbox.access import authenticate
from rpc_moodle.sandbox.catalogue import Draft
from rpc_moodle.sandbox.errors import access_denied, missing_argument
from rpc_moodle.sandbox.files import StoredFile
from rpc_moodle.sandbox.people import User
from rpc_moodle.sandbox.site import Mode, Site

SCRIPT: Final = "/webservice/upload.php"
_FIRST_ITEM: Final = 700_000_001
_UNFIT: Final = re.compile("[\x00-\x1f\x7f&<>\"`|':\\\\/]")
"""What Moodle takes out of a name without a word (seen on Moodle 4.5)."""


def fresh_draft(site: Site, user: User) -> int:
    """Make an empty draft area and give its number."""
    item = _FIRST_ITEM + len(site.drafts)
    site.drafts[item] = Draft(user.id)
    return item


def user_context(user: User) -> int:
    """Give the context of a user, the first number in the addresses of his files."""
    return user.id + 9


async def receive(site: Site, request: web.Request, form: dict[str, str]) -> list[dict[str, Any]]:
    """Store the files of a form; a name that is taken is an entry with ``errortype`` ``filenameexist``.

    Raises:
        MoodleError: the token's refusals, and ``accessexception`` for a service without uploads.

    """
    if site.mode is Mode.WEBSERVICES_DISABLED:
        raise access_denied()
    if "token" not in form:
        raise missing_argument("token")
    user, service = authenticate(site, form["token"], request.remote or "")
    if not service.uploadfiles:
        raise access_denied()
    item = int(form.get("itemid") or 0) or fresh_draft(site, user)
    draft = site.drafts.setdefault(item, Draft(user.id))
    rows = []
    for field in (await request.post()).values():
        if not isinstance(field, web.FileField):
            continue
        path, taken = form.get("filepath", "/"), {(one.filepath, one.filename) for one in draft.files}
        name = _UNFIT.sub("", field.filename)
        if (path, name) in taken:
            rows.append(_refused(name, path))
            continue
        stored = StoredFile(name, field.file.read(), path, site.now())
        draft.files.append(stored)
        rows.append(_stored(user, item, stored))
    return rows


def _refused(name: str, path: str) -> dict[str, Any]:
    error = f"File name already exists: {name}"
    return {"filename": name, "filepath": path, "errortype": "filenameexist", "error": error}


def _stored(user: User, item: int, file: StoredFile) -> dict[str, Any]:
    source = f'O:8:"stdClass":1:{{s:6:"source";s:{len(file.filename.encode())}:"{file.filename}";}}'
    return {
        "component": "user",
        "contextid": user_context(user),
        "userid": str(user.id),
        "filearea": "draft",
        "filename": file.filename,
        "filepath": file.filepath,
        "itemid": item,
        "license": "unknown",
        "author": user.fullname,
        "source": source,
        "filesize": file.size,
    }
