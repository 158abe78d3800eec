"""Jobs that a site does in its own time, and which of its reports tells of which job."""

import secrets
from collections.abc import Mapping
from typing import Literal, NotRequired

from typing_extensions import TypedDict

from rpc_moodle.moopanel.values import OptionalNumber, Text

JobKind = Literal["backup", "restore", "backupDeletion", "pluginUpdate", "pluginInstall", "coreUpdate", "adminPreset"]

TASK_TYPES: Mapping[JobKind, str] = {
    "backup": "backup_course",
    "restore": "backup_course_restore",
    "backupDeletion": "backup_course_delete",
    "pluginUpdate": "plugins_update",
    "pluginInstall": "plugins_install_zip",
    "coreUpdate": "core_update",
    "adminPreset": "admin_presets_create",
}
"""What the plugin calls the tasks of each kind, when it is asked for one."""


class Job(TypedDict):
    """A job that a site has accepted; give it to `moopanel.waitForJob` as it is.

    ``about`` is what its report tells as well: a course, the caller's number, or the plugins. ``taskId`` is the task
    that the plugin named; while an earlier job of the kind is in the queue, it names that one's
    (``moodle_core_update_twice``). ``after`` is the number of the last report that came before the job.
    """

    kind: JobKind
    instanceId: int
    taskId: int | None
    about: list[str]
    after: NotRequired[int]


class ItemResult(TypedDict):
    """What became of one thing at once: ``about`` is the course, the backup, the plugin or the ZIP."""

    about: str
    ok: bool
    message: str


class Started(TypedDict):
    """The jobs that a site has accepted, and the things that it has done or refused at once."""

    jobs: list[Job]
    results: list[ItemResult]


class Accepted(TypedDict):
    """The plugin's answer to a request for a job."""

    status: NotRequired[bool]
    message: NotRequired[Text]
    moodle_job_id: NotRequired[OptionalNumber]


class Reported(TypedDict):
    """As much of a report as is needed to find its job."""

    kind: JobKind
    instanceId: int
    about: list[str]


def new_number() -> int:
    """Make a number by which the report of a job is known: the plugin repeats it, and nobody else uses it."""
    return secrets.randbelow(2**31 - 1) + 1


def tells_of(report: Reported, job: Job) -> bool:
    """Tell whether a report is that of a job.

    The number of the task does not decide: the plugin may have named an earlier task, and most reports name none.
    """
    if (report["kind"], report["instanceId"]) != (job["kind"], job["instanceId"]):
        return False
    about = job["about"]
    # As the plugin is described, the report of a restoration names the course alone.
    return report["about"] == about or (job["kind"] == "restore" and report["about"] == about[1:])


def about_item(number: object, component: str) -> str:
    """Name one of several plugins of a job, by the caller's number and the component."""
    return f"{number}:{component}"


def about_link(link: str) -> str:
    """Name the ZIP of a job by its address, without the scheme."""
    return link.partition("://")[2] or link


def started(answer: Accepted, kind: JobKind, instance_id: int, about: list[str]) -> Started:
    """Read the answer to a request for one job."""
    if answer.get("status") is False:
        return {"jobs": [], "results": [{"about": ", ".join(about), "ok": False, "message": answer.get("message", "")}]}
    job: Job = {"kind": kind, "instanceId": instance_id, "taskId": answer.get("moodle_job_id"), "about": about}
    return {"jobs": [job], "results": []}
