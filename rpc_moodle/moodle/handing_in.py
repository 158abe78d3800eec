"""A student's own work: saved as a draft, handed in, removed.

Moodle answers 200 with a warning where it has done nothing (``student.submit_without_statement``,
``student.save_after_submit``): here that is the error NotDone.
"""

from rpc_moodle.moodle import errors, site
from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Notice, Several, told
from rpc_moodle.moodle.values import Row
from rpc_moodle.moodle.wire import Params

_HTML = 1
_TOLD = 10  # warnings whose words an error has


class _Removed(Row):
    status: bool = True
    warnings: Several[Notice] = ()


async def save(moodle: MoodleClient, assignment_id: int, *, draft: int | None = None, text: str | None = None) -> None:
    """Save the files of a draft area and an HTML text as the account's own submission, in place of what was there.

    What is None stays. Where the assignment has no drafts, saving is handing in.

    Raises NotDone for a submission that is handed in, locked or too late, and any other MoodleError.
    """
    if draft is None and text is None:
        raise errors.InvalidArgument("There is nothing to save: give files or a text.")
    data: dict[str, int | dict[str, str | int]] = {}
    if draft is not None:
        data["files_filemanager"] = draft
    if text is not None:
        data["onlinetext_editor"] = {"text": text, "format": _HTML, "itemid": 0}
    params: Params = {"assignmentid": assignment_id, "plugindata": data}
    function = "mod_assign_save_submission"
    _done(function, await _notices(moodle, function, params))


async def submit(moodle: MoodleClient, assignment_id: int, *, accept_statement: bool) -> None:
    """Hand in what was saved as a draft; ``accept_statement`` accepts the site's submission statement.

    Raises NotDone where there is no draft, where it is handed in already, or where the statement is asked for and not
    accepted, which Moodle does not tell apart; and any other MoodleError.
    """
    function = "mod_assign_submit_for_grading"
    params = {"assignmentid": assignment_id, "acceptsubmissionstatement": accept_statement}
    _done(
        function,
        await _notices(moodle, function, params),
        "It may be handed in already, there may be no draft, or the submission statement has to be accepted.",
    )


async def remove(moodle: MoodleClient, assignment_id: int, user_id: int | None = None) -> None:
    """Remove what a user has submitted, the account's own without an id; Moodle 4.5 and later (``student.remove``).

    Raises NotDone where there is nothing to remove or it is too late, UnknownFunction on an older Moodle, and any other
    MoodleError.
    """
    function = "mod_assign_remove_submission"
    user_id = user_id or (await site.info(moodle)).userid
    answer = await moodle.call(function, {"userid": user_id, "assignid": assignment_id}, into=_Removed)
    if not answer.status or answer.warnings:
        _done(
            function,
            await told(answer.warnings, moodle.token) or [Notice(message="Moodle has not removed the submission.")],
        )


async def _notices(moodle: MoodleClient, function: str, params: Params) -> list[Notice]:
    return await told(await moodle.call(function, params, into=list[Notice]), moodle.token)


def _done(function: str, warnings: list[Notice], hint: str = "") -> None:
    """Raise NotDone for warnings, with their texts."""
    if not warnings:
        return
    first = warnings[0]
    words = ". ".join(dict.fromkeys(each.message.rstrip(".") for each in warnings[:_TOLD] if each.message))
    raise errors.NotDone(
        " ".join(part for part in (f"{words}.", _reason(first.item), hint) if part),
        function=function,
        errorcode=first.warningcode,
    )


def _reason(item: str) -> str:
    """Return what Moodle gives as the reason; where it only repeats ids, nothing."""
    return "" if item.startswith("User id") or not item else f"{item.rstrip('.')}."
