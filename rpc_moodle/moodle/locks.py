"""Who may change a submission: locks, and the way back to a draft."""

from collections.abc import Sequence

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.models import Notice, told
from rpc_moodle.moodle.wire import Params


async def lock(moodle: MoodleClient, assignment_id: int, user_ids: Sequence[int]) -> list[str]:
    """Bar users from changing what they have handed in; return what Moodle could not do (``dated.lock``).

    Raises NotFound for an unknown user, after those before him were locked (``dated.unlock``), and any other
    MoodleError.
    """
    return await _tell(moodle, "mod_assign_lock_submissions", assignment_id, user_ids)


async def unlock(moodle: MoodleClient, assignment_id: int, user_ids: Sequence[int]) -> list[str]:
    """Let users change their submissions again; return what Moodle could not do. Raises as :func:`lock`."""
    return await _tell(moodle, "mod_assign_unlock_submissions", assignment_id, user_ids)


async def revert_to_draft(moodle: MoodleClient, assignment_id: int, user_ids: Sequence[int]) -> list[str]:
    """Make submissions drafts again, which their users may change and submit; return what Moodle could not do.

    Raises as :func:`lock`.
    """
    return await _tell(moodle, "mod_assign_revert_submissions_to_draft", assignment_id, user_ids)


async def _tell(moodle: MoodleClient, function: str, assignment_id: int, user_ids: Sequence[int]) -> list[str]:
    params: Params = {"assignmentid": assignment_id, "userids": user_ids}
    warnings = await moodle.call(function, params, into=list[Notice])
    return [" ".join(part for part in (each.message, each.item) if part) for each in await told(warnings, moodle.token)]
