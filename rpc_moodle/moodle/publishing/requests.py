"""The requests that write: one user's, or as many users' as one request may carry."""

from collections.abc import Iterator, Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Assignment
from rpc_moodle.moodle.publishing.comments import storable
from rpc_moodle.moodle.publishing.plan import Write
from rpc_moodle.moodle.wire import Value, flatten

MAX_BYTES = 512 * 1024
"""Bytes of one request, as far as entries can be split: nginx takes 1 MiB by default."""

_OWN_FIELDS = 8
"""Fields beside the entries: credentials, function, assignment, and room for what a proxy adds."""

_ESCAPED = 3
"""Bytes that a byte of text may take in a form."""


async def save_one(moodle: MoodleClient, assignment: Assignment, write: Write) -> None:
    """Write one user's feedback; raises any MoodleError, and says nothing of what was stored (``save.*``)."""
    params = {"assignmentid": assignment.id, "applytoall": False, **_entry(write)}
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


def parts(writes: Sequence[Write], max_input_vars: int) -> Iterator[list[Write]]:
    """Split writes so that a request stays under PHP's ``max_input_vars``, past which PHP drops fields silently."""
    part: list[Write] = []
    fields, size = _OWN_FIELDS, 0
    for write in writes:
        own = list(flatten({"": _entry(write)}))
        own_size = sum(len(key) + _ESCAPED * len(value.encode("utf-8", "replace")) for key, value in own)
        if part and (fields + len(own) > max_input_vars or size + own_size > MAX_BYTES):
            yield part
            part, fields, size = [], _OWN_FIELDS, 0
        part.append(write)
        fields, size = fields + len(own), size + own_size
    if part:
        yield part


def _entry(write: Write) -> dict[str, Value]:
    """Write an entry: the latest attempt (-1), never a new one (``save.attempt_1``), never a whole team at once.

    A team's members can have different grades, and ``applytoall`` would give all of them the same one.
    """
    params: dict[str, Value] = {
        "userid": write.user_id,
        "grade": "-1" if write.grade is None else format(write.grade, "f"),
        "attemptnumber": -1,
        "addattempt": False,
        "workflowstate": write.workflow,
    }
    if write.comment is not None:
        comment: dict[str, Value] = {"text": storable(write.comment.text), "format": int(write.comment.format)}
        params["plugindata"] = {"assignfeedbackcomments_editor": comment}
    if write.filling is not None:
        params["advancedgradingdata"] = write.filling.params()
    return params
