"""The requests that write: by Moodle's own grading form, or by the functions that save grades."""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any
from urllib.parse import urlencode

import orjson
from pydantic import SecretStr

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.comments import storable
from rpc_moodle.moodle.publishing.entries import TextFormat
from rpc_moodle.moodle.publishing.keys import BATCH
from rpc_moodle.moodle.publishing.report import WriterName
from rpc_moodle.moodle.publishing.stored import Unknown
from rpc_moodle.moodle.publishing.write import Write
from rpc_moodle.moodle.wire import Value, flatten
from rpc_moodle.transport.answers import plain

MAX_BYTES = 512 * 1024
"""Bytes of one request, as far as entries can be split: nginx takes 1 MiB by default."""

_OWN_FIELDS = 8
"""Fields beside the entries: credentials, function, assignment, and room for what a proxy adds."""

_ESCAPED = 3
"""Bytes that a byte of text may take in a form."""

_FORM_FIELDS = 8
"""Fields that one function takes in a request that calls many: its name, its arguments, its settings."""


class Sent(Enum):
    """What became of a request that writes, unless an error came."""

    ANSWERED = "answered"
    NOT_STARTED = "not started"
    NOT_REACHED = "not reached"
    """Moodle leaves the functions of a request for many after the first that fails: nothing was done."""


Answer = errors.MoodleError | Sent
"""What a site said of one write."""


async def save_one(moodle: MoodleClient, assignment: Assignment, write: Write) -> None:
    """Write one user's feedback, or a team's; raises any MoodleError, and says nothing of what was stored."""
    params = {"assignmentid": assignment.id, "applytoall": bool(write.team), **_entry(write)}
    await moodle.call("mod_assign_save_grade", params)


async def save_many(moodle: MoodleClient, assignment: Assignment, writes: Sequence[Write]) -> None:
    """Write many users' feedback in one request; an error leaves the earlier ones stored (``saves.bulk``).

    Raises any MoodleError.
    """
    params: dict[str, Value] = {
        "assignmentid": assignment.id,
        "applytoall": False,
        "grades": [_entry(write) for write in writes],
    }
    await moodle.call("mod_assign_save_grades", params)


async def save_form(moodle: MoodleClient, assignment: Assignment, write: Write) -> None:
    """Write one user's feedback as Moodle's own page does; what the form refuses shows when it is read back.

    Raises any MoodleError.
    """
    await moodle.call(WriterName.FORM, _form(assignment, write))


async def save_forms(moodle: MoodleClient, assignment: Assignment, writes: Sequence[Write]) -> list[Answer]:
    """Write many users' feedback by as many forms in one request; returns what the site said of each.

    Raises any MoodleError that concerns the request.
    """
    calls: list[Value] = [
        {"function": WriterName.FORM.value, "arguments": orjson.dumps(_form(assignment, write)).decode()}
        for write in writes
    ]
    answer = await moodle.call(BATCH, {"requests": calls}, read=False)
    given = answer.get("responses") if isinstance(answer, dict) else None
    said = [_said(each, moodle.token) for each in (given if isinstance(given, list) else [])[: len(writes)]]
    return [*said, *(Sent.NOT_REACHED for _ in writes[len(said) :])]


def _said(response: Any, token: SecretStr) -> Answer:
    if not isinstance(response, dict) or not response.get("error"):
        return Sent.ANSWERED
    try:
        failure = orjson.loads(response.get("exception") or "{}")
    except orjson.JSONDecodeError:
        failure = {}
    failure = failure if isinstance(failure, dict) else {}
    code = plain(str(failure.get("errorcode") or ""), token)
    kind = errors.FunctionDenied if code == "accessexception" else errors.MoodleException
    return kind(plain(str(failure.get("message") or ""), token), function=WriterName.FORM.value, errorcode=code)


def parts(writes: Sequence[Write], max_input_vars: int, chunk: int, writer: WriterName) -> Iterator[list[Write]]:
    """Split writes so that a request stays under PHP's ``max_input_vars``, past which PHP drops fields silently."""
    part: list[Write] = []
    fields, size = _OWN_FIELDS, 0
    for write in writes:
        own = list(flatten({"": _entry(write)}))
        own_size = sum(len(key) + _ESCAPED * len(value.encode("utf-8", "replace")) for key, value in own)
        count = len(own)
        if writer is WriterName.FORM:
            own_size, count = 2 * own_size, _FORM_FIELDS
        if part and (fields + count > max_input_vars or size + own_size > MAX_BYTES or len(part) >= chunk):
            yield part
            part, fields, size = [], _OWN_FIELDS, 0
        part.append(write)
        fields, size = fields + count, size + own_size
    if part:
        yield part


def _entry(write: Write) -> dict[str, Value]:
    """Return the parameters of an entry: one attempt, never a new one (``save.attempt_1``).

    A team's members can have different grades, and ``applytoall`` gives all of them the same one. A comment
    that is there and not sent is an error to Moodle, which then stores nothing.
    """
    grade, state, comment = write.grade, write.workflow, write.kept_comment
    params: dict[str, Value] = {
        "userid": write.user_id,
        "grade": "-1" if grade is None or isinstance(grade, Unknown) else format(grade, "f"),
        "attemptnumber": _attempt(write),
        "addattempt": False,
        "workflowstate": "" if isinstance(state, Unknown) else state,
    }
    plugins: dict[str, Value] = {}
    if comment is not None:
        plugins["assignfeedbackcomments_editor"] = {
            "text": storable(comment.text),
            "format": int(comment.format or 0),
        }
    if write.entry.draft:  # without it the files stay (``feedback.file_kept_without_draft``)
        plugins["files_filemanager"] = write.entry.draft
    if plugins:
        params["plugindata"] = plugins
    if write.filling is not None:
        params["advancedgradingdata"] = write.filling.params()
    return params


def _form(assignment: Assignment, write: Write) -> dict[str, Value]:
    """Return the fields of Moodle's own grading form: what is left out stays as it is (``form.*``)."""
    fields: list[tuple[str, str]] = [
        ("id", str(assignment.cmid)),
        ("rownum", "0"),
        ("useridlistid", ""),
        ("attemptnumber", str(_attempt(write))),
        ("ajax", "0"),
        ("userid", str(write.user_id)),
        ("action", "submitgrade"),
        ("sendstudentnotifications", "1" if write.notify else "0"),
        ("addattempt", "0"),
        ("applytoall", "1" if write.team else "0"),
    ]
    if write.entry.names_grade and write.filling is None and not isinstance(write.grade, Unknown):
        fields.append(("grade", "" if write.grade is None else format(write.grade, "f")))
    if write.names_state and not isinstance(write.workflow, Unknown):
        fields.append(("workflowstate", write.workflow))
    if write.comment is not None:
        fields.append(("assignfeedbackcomments_editor[text]", storable(write.comment.text)))
        fields.append(("assignfeedbackcomments_editor[format]", str(int(write.comment.format or 0))))
    elif write.blank:
        fields.append(("assignfeedbackcomments_editor[text]", ""))
        fields.append(("assignfeedbackcomments_editor[format]", str(int(TextFormat.HTML))))
    if write.entry.draft:
        fields.append((f"files_{write.user_id}_filemanager", str(write.entry.draft)))
    if write.filling is not None:
        fields.extend(write.filling.fields())
    data = orjson.dumps(urlencode(fields)).decode()
    return {"assignmentid": assignment.id, "userid": write.user_id, "jsonformdata": data}


def _attempt(write: Write) -> int:
    """Name the attempt that was seen: one that a student or a marker adds meanwhile is not written to."""
    seen = write.before.mark(write.attempt).handed_in
    return write.attempt if seen or not write.is_newest else -1
