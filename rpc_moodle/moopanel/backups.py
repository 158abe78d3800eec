"""Backups of courses: making, restoring, deleting, and those in progress."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NotRequired

from pydantic import SecretStr
from typing_extensions import TypedDict

from rpc_moodle.moopanel.client import PanelClient
from rpc_moodle.moopanel.jobs import Accepted, ItemResult, Job, Started, started
from rpc_moodle.moopanel.secrets import opened
from rpc_moodle.moopanel.values import Number, OptionalNumber, Rows, Text

_FOLDER = "/moopanel_course_backups/"


class _Running(TypedDict):
    id: Number


class _InProgress(TypedDict):
    backups_in_progress: Rows[_Running]


class _CourseAnswer(TypedDict):
    id: Number
    message: Text
    moodle_job_id: NotRequired[OptionalNumber]


class _Created(TypedDict):
    backups: NotRequired[Rows[_CourseAnswer]]
    errors: NotRequired[Rows[_CourseAnswer]]


class _DeletionAnswer(TypedDict):
    backup_result_id: Number
    status: bool
    message: NotRequired[Text]
    moodle_job_id: NotRequired[OptionalNumber]


class _Deleted(TypedDict):
    backups: Rows[_DeletionAnswer]


async def in_progress(panel: PanelClient) -> list[int]:
    """List the ids of the courses whose backups are queued or being made, one for each backup."""
    answer = await panel.get("backups", _InProgress)
    return [row["id"] for row in answer["backups_in_progress"]]


async def create(  # noqa: PLR0913 - what the plugin takes
    panel: PanelClient,
    instance_id: int,
    courses: Sequence[int],
    *,
    mode: str,
    storage: str,
    credentials: Mapping[str, SecretStr],
) -> Started:
    """Have courses backed up by the site's cron; one unknown or unchanged is among the results."""
    data = {
        "instance_id": instance_id,
        "storage": storage,
        "mode": mode,
        "credentials": opened(credentials),
        "courses": [*courses],
    }
    answer = await panel.send("POST", "backups", _Created, data)
    jobs: list[Job] = [
        {"kind": "backup", "instanceId": instance_id, "taskId": row.get("moodle_job_id"), "about": [str(row["id"])]}
        for row in answer.get("backups", [])
    ]
    refused: list[ItemResult] = [
        {"about": str(row["id"]), "ok": False, "message": row["message"]} for row in answer.get("errors", [])
    ]
    return {"jobs": jobs, "results": refused}


async def restore(  # noqa: PLR0913 - what the plugin takes
    panel: PanelClient,
    instance_id: int,
    *,
    course: int,
    link: str,
    password: SecretStr,
    number: int,
    storage: str,
    who: Mapping[str, object],
) -> Started:
    """Have a course restored from a backup, which replaces what the course holds; ``number`` is the caller's own.

    Raises NotFound for an unknown course.
    """
    data = {
        "instance_id": instance_id,
        "storage": storage,
        "credentials": {},
        "moodle_course_id": course,
        "link": link_in_storage(link),
        **opened({"password": password}),
        "backup_result_id": number,
        **who,
    }
    answer = await panel.send("PUT", "backups", Accepted, data)
    return started(answer, "restore", instance_id, [str(number), str(course)])


@dataclass(frozen=True, slots=True)
class StoredBackup:
    """A backup to delete; ``number`` is the caller's own, ``storage`` names where it is."""

    number: int
    link: str
    storage: str


async def delete(
    panel: PanelClient, instance_id: int, backups: Sequence[StoredBackup], who: Mapping[str, object]
) -> Started:
    """Have backups deleted by the site's cron, a job for each."""
    numbers = {name: index for index, name in enumerate(dict.fromkeys(each.storage for each in backups), 1)}
    data = {
        "instance_id": instance_id,
        **who,
        "storages": [{"storage_id": index, "storage_key": name, "name": name} for name, index in numbers.items()],
        "backups": [
            {
                "backup_result_id": each.number,
                "storage_id": numbers[each.storage],
                "link": link_in_storage(each.link),
            }
            for each in backups
        ],
    }
    answer = await panel.send("DELETE", "backups", _Deleted, data)
    jobs: list[Job] = []
    results: list[ItemResult] = []
    for row in answer["backups"]:
        number, task = str(row["backup_result_id"]), row.get("moodle_job_id")
        if task is not None:  # also where it was in the queue already (``backups_delete_again``)
            jobs.append({"kind": "backupDeletion", "instanceId": instance_id, "taskId": task, "about": [number]})
        else:
            results.append({"about": number, "ok": row["status"], "message": row.get("message", "")})
    return {"jobs": jobs, "results": results}


def link_in_storage(link: str) -> str:
    """Give a backup's link as the plugin looks it up: below its folder, which the description puts before it.

    A link with the folder is accepted and then not found (``backups_put_filemissing``).
    """
    return link.removeprefix(_FOLDER)
