"""An assignment's introduction and its files, changed by a plugin's function: stock Moodle has none that does.

A plugin is a stranger's code, so only those are called whose parameters and manners are known, and what they have done
is read back. Of others with such a name nothing is guessed: some reset every setting that is not named.
"""

import base64
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import ConfigDict

from rpc_moodle.moodle import errors, site
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.described import Attachment
from rpc_moodle.moodle.models import Several
from rpc_moodle.moodle.values import Row, Text
from rpc_moodle.moodle.wire import Params

_FIND = "mod_assign_get_assignments"
UTILS = "local_activity_utils_update_assignment"
PILOT, PILOT_FILE = "local_coursepilot_update_assign", "local_coursepilot_upload_assignfile"
"""The functions of plugins that are called."""

_SUCH = re.compile(r"local_[a-z0-9_]+_(update|edit)_assign(ment)?")
_LACKS = "Moodle itself has no web service function that changes an assignment's introduction or its files"
_OWN = frozenset({"intro", "introfiles", "introattachments", "timemodified"})


class NewFile(NamedTuple):
    """A file for the introduction."""

    filename: str
    content: bytes


class Request(NamedTuple):
    """A function to call, with its parameters."""

    function: str
    params: Params


class Kept(Row):
    """An assignment as it is stored, ``intro`` with placeholders for its files; whatever else there is in ``rest``."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    id: int
    cmid: int
    intro: Text = ""
    introattachments: Several[Attachment] = ()

    @property
    def rest(self) -> Mapping[str, Any]:
        """All other settings."""
        return {name: value for name, value in (self.model_extra or {}).items() if name not in _OWN}


class _Course(Row):
    id: int
    assignments: Several[Kept] = ()


class _Courses(Row):
    courses: Several[_Course] = ()


class Edited(Row):
    """What was done: ``function`` is the plugin's, empty where all was so already; ``also_changed`` other settings."""

    function: str = ""
    also_changed: tuple[str, ...] = ()


async def edit(
    moodle: MoodleClient,
    course_id: int,
    cmid: int,
    *,
    introduction: str | None = None,
    files: Sequence[NewFile] = (),
) -> Edited:
    """Change the introduction, as HTML, and add files to it, one of the same name replaced; what is not given stays.

    Raises NotFound where the token may call no function for it that is known, or sees no such assignment; NotDone for
    what was not stored as asked; and any other MoodleError.
    """
    if introduction is None and not files:
        raise errors.InvalidArgument("There is nothing to change: give an introduction or attachments.")
    before = await _kept(moodle, course_id, cmid)
    wanted = None if introduction is not None and _lines(introduction) == _lines(before.intro) else introduction
    if wanted is None and not files:
        return Edited()
    requests = choose(await _listed(moodle), before, introduction=wanted, files=files)
    for request in requests:
        await moodle.call(request.function, request.params)
    after = await _kept(moodle, course_id, cmid)
    if wrong := not_as_asked(after, introduction=introduction, files=files):
        told = f"{requests[0].function} was called, and the site has not stored as asked: {', '.join(wrong)}."
        raise errors.NotDone(told, function=requests[0].function)
    changed = sorted(
        name for name in before.rest.keys() | after.rest.keys() if before.rest.get(name) != after.rest.get(name)
    )
    return Edited(function=requests[0].function, also_changed=tuple(changed))


async def _listed(moodle: MoodleClient) -> frozenset[str]:
    """Return what the token may call; where it may not read that, what is worth a try."""
    try:
        return frozenset(each.name for each in (await site.info(moodle)).functions)
    except errors.FunctionDenied:
        return frozenset({UTILS, PILOT, PILOT_FILE})


async def _kept(moodle: MoodleClient, course_id: int, cmid: int) -> Kept:
    settings: Params = {"moodlewssettingraw": True, "moodlewssettingfileurl": False}
    asked: Params = {"courseids": [course_id], "includenotenrolledcourses": True, **settings}
    answer = await moodle.call(_FIND, asked, into=_Courses, fresh=True)
    for one in (one for course in answer.courses for one in course.assignments):
        if one.cmid == cmid:
            return one
    raise errors.NotFound(f"Course {course_id} has no assignment {cmid} that the account may see.", function=_FIND)


def choose(listed: Iterable[str], to: Kept, *, introduction: str | None, files: Sequence[NewFile]) -> list[Request]:
    """Return the calls that make a change, by the functions that a token may call.

    Raises NotFound where none of them is known to do all of it; the text names those that might.
    """
    may = frozenset(listed)
    for write in (_activity_utils, _coursepilot):
        requests = write(to, introduction, files)
        if requests and may.issuperset(request.function for request in requests):
            return requests
    others = sorted(name for name in may if _SUCH.fullmatch(name))
    if not others:
        raise errors.NotFound(f"{_LACKS}, and the API key may call none of a plugin.", function="local_*_update_assign")
    raise errors.NotFound(
        f"{_LACKS}. The API key may call {', '.join(others)}, of which it is not known that it does just this and "
        "nothing else; who knows it can use callFunction.",
        function=others[0],
    )


def _activity_utils(to: Kept, introduction: str | None, files: Sequence[NewFile]) -> list[Request]:
    """Write for local_activity_utils 5.2 (``utils.*``): one call, the instance id, files as JSON."""
    params: dict[str, int | str] = {"assignmentid": to.id}
    if introduction is not None:
        params["intro"] = introduction
    if files:
        params["introfiles"] = json.dumps([{"filename": each.filename, "content": _base64(each)} for each in files])
    return [Request(UTILS, params)]


def _coursepilot(to: Kept, introduction: str | None, files: Sequence[NewFile]) -> list[Request]:
    """Write for local_coursepilot 1.0.54 (``pilot.*``): a call for each file; it cannot empty an introduction."""
    if introduction == "":
        return []
    requests = []
    if introduction is not None:
        params: Params = {"cmid": to.cmid, "description": introduction}
        requests.append(Request(PILOT, params))
    for each in files:
        params = {"cmid": to.cmid, "filename": each.filename, "content": _base64(each)}
        requests.append(Request(PILOT_FILE, params))
    return requests


def _base64(file: NewFile) -> str:
    return base64.b64encode(file.content).decode("ascii")


def not_as_asked(after: Kept, *, introduction: str | None, files: Sequence[NewFile]) -> list[str]:
    """Name what is not stored as it was asked for: the introduction word for word, files by name and size."""
    wrong = []
    if introduction is not None and _lines(after.intro) != _lines(introduction):
        wrong.append("the introduction")
    sizes = {each.filename: each.filesize for each in after.introattachments if each.filepath == "/"}
    return wrong + [each.filename for each in files if sizes.get(each.filename) != len(each.content)]


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
