"""The site's queue, and the export of its settings, which goes through it."""

from collections.abc import Mapping
from typing import Literal

from typing_extensions import TypedDict

from rpc_moodle.moopanel.client import PanelClient
from rpc_moodle.moopanel.jobs import Accepted, Started, started
from rpc_moodle.moopanel.models import TaskStatus
from rpc_moodle.moopanel.values import Number, Text

_QUEUED, _FAILED = 2, 3
_STATES: Mapping[int, Literal["queued", "failed"]] = {_QUEUED: "queued", _FAILED: "failed"}


class _Check(TypedDict):
    status: Number
    error: Text


async def check(panel: PanelClient, task_id: int, task_type: str) -> TaskStatus:
    """Ask what the queue knows of a task."""
    answer = await panel.get("tasks/check", _Check, {"id": task_id, "type": task_type})
    return {"state": _STATES.get(answer["status"], "gone"), "status": answer["status"], "message": answer["error"]}


async def create_admin_preset(panel: PanelClient, instance_id: int) -> Started:
    """Have the site's settings exported by its cron; asked again while it is queued, it stays one job.

    Though the plugin wants a GET for it, it is not sent again once it may have been done.
    """
    answer = await panel.send("GET", "admin_presets", Accepted, {}, {"instanceid": instance_id})
    return started(answer, "adminPreset", instance_id, [])
