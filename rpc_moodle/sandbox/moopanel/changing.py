"""The endpoints that put something into the site's queue: updates, installations, backups, presets."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.moopanel import looking, seed
from rpc_moodle.sandbox.moopanel.base import Asked, bad
from rpc_moodle.sandbox.moopanel.panel import Task

_NO_INSTANCE = "Bad Request - Please provide a valid instance ID."


def _instance(asked: Asked, problem: str = _NO_INSTANCE) -> int:
    value = asked.given("instance_id")
    if not isinstance(value, int):
        raise bad(problem)
    return value


def _accepted(task: Task | None, message: str) -> dict[str, Any]:
    return {"status": True, "moodle_job_id": str(task.id) if task else None, "message": message}


def plugins(asked: Asked) -> dict[str, Any]:
    """Queue updates or installations; the answer names the first of its type in the queue, not the new one."""
    if asked.method == "GET":
        return looking.plugins(asked)
    ways = {
        "/updates": ("plugins_update", "updates/plugins", "no updates specified", "update"),
        "/installzip": ("plugins_install_zip", "updates/zip-plugins", "no zip files urls specified", "install"),
    }
    if asked.rest not in ways:
        raise bad("Bad request - undefined method.")
    type_, path, problem, word = ways[asked.rest]
    instance = _instance(asked)
    if not asked.given("updates"):
        raise bad(f"Bad request - {problem}.")
    asked.panel.put(type_, f"/api/{path}/instance/{instance}", asked.data or {})
    return _accepted(asked.panel.first(type_), f"Plugins {word} in progress.")


def core(asked: Asked) -> dict[str, Any]:
    """Tell about Moodle itself, or queue its update (``moodle_core_*``)."""
    known = asked.panel.updates.get("core", [])
    if asked.method == "GET":
        return {
            "current_version": seed.CORE[0],
            "current_release": seed.CORE[1],
            "last_check_for_updates": None,
            "update_available": known,
            "update_log": [seed.log_row("core", seed.CORE[0], 2)],
        }
    instance = _instance(asked)
    if not asked.given("update_id"):
        raise bad("Bad Request - Please provide update ID.")
    if not asked.given("version"):
        raise bad("Bad request - no core version specified.")
    if not asked.given("download"):
        raise bad("Bad request - no download link specified.")
    if not known:
        raise bad("Bad request - Moodle has no available updates.")
    if not any(one["version"] == asked.given("version") for one in known):
        raise bad("Bad request - Moodle version not found in available updates.")
    asked.panel.put("core_update", f"/api/updates/core/instance/{instance}", asked.data or {})
    return _accepted(asked.panel.first("core_update"), "Core update in progress.")


def admin_presets(asked: Asked) -> dict[str, Any]:
    """Queue an export of the settings, once."""
    instance = asked.query.get("instanceid", "")
    if not instance.isdigit():
        raise bad(_NO_INSTANCE)
    if asked.panel.first("admin_presets_create") is None:
        asked.panel.put("admin_presets_create", f"/api/instances/{instance}/admin_preset", {})
    return {"status": True, "message": "Admin presets creation in progress"}


def backups(asked: Asked) -> dict[str, Any]:
    """Tell what is in progress, make, restore or delete (``backups_*``)."""
    return {"GET": _in_progress, "POST": _create, "PUT": _restore, "DELETE": _delete}[asked.method](asked)


def _in_progress(asked: Asked) -> dict[str, Any]:
    running = [task.data["course"] for task in asked.panel.queue if task.type == "backup_course"]
    return {"backups_in_progress": [{"id": course, "message": "in progress"} for course in running] or None}


def _create(asked: Asked) -> dict[str, Any]:
    instance = _instance(asked)
    courses = asked.given("courses")
    if not courses:
        raise bad("Bad Request - Please provide Moodle course ids.")
    made, errors, mode = [], [], asked.given("mode") or "auto"
    for course in courses if isinstance(courses, list) else []:
        if course not in asked.panel.courses:
            errors.append({"id": course, "status": 404, "message": "Course not exist."})
        elif mode == "auto" and course in asked.panel.unchanged:
            errors.append({"id": course, "status": 204, "message": "Course not need backup."})
        else:
            data = {"course": course, "mode": mode, "storage": asked.given("storage") or "local"}
            task = asked.panel.put("backup_course", f"/api/backups/courses/{instance}", data)
            row = {"id": course, "status": 200, "moodle_job_id": str(task.id), "message": "Backup will be created."}
            made.append(row)
    return {**({"backups": made} if made else {}), **({"errors": errors} if errors else {})}


def _restore(asked: Asked) -> dict[str, Any]:
    course = asked.given("moodle_course_id")
    if not course:
        raise bad("Bad Request - Please provide valid Moodle course id.")
    if course not in asked.panel.courses:
        raise bad("Course not exist in Moodle.")
    if not asked.given("link"):
        raise bad("Bad Request - Please provide valid backup link.")
    instance = _instance(asked, "Bad Request - Please provide valid instance id.")
    asked.panel.put("backup_course_restore", f"/api/backups/restore/instance/{instance}", asked.data or {})
    return _accepted(asked.panel.first("backup_course_restore"), "Course backup will be restored.")


def _delete(asked: Asked) -> dict[str, Any]:
    instance = _instance(asked, "Bad Request - Please provide valid instance ID.")
    for name, problem in (("storages", "storages"), ("backups", "backups to delete")):
        if not asked.given(name):
            raise bad(f"Bad Request - Please provide {problem}.")
    storages = {one["storage_id"]: one["storage_key"] for one in asked.given("storages")}
    return {"backups": [_deletion(asked, instance, storages, one) for one in asked.given("backups")]}


def _deletion(asked: Asked, instance: int, storages: dict[int, str], one: dict[str, Any]) -> dict[str, Any]:
    number, task_id, ok, message = one["backup_result_id"], None, False, "No storage data found."
    if one["storage_id"] in storages:
        data = {"number": number, "link": one["link"], "storage": storages[one["storage_id"]]}
        waiting = (task for task in asked.panel.queue if task.type == "backup_course_delete")
        same = next((task for task in waiting if task.data["number"] == number), None)
        ok, message = same is None, "Backup will be deleted." if same is None else "Request already in process."
        path = f"/api/backups/delete/instance/{instance}"
        data["user_id"] = asked.given("user_id") or False
        task_id = str((same or asked.panel.put("backup_course_delete", path, data)).id)
    return {"backup_result_id": number, "status": ok, "message": message, "moodle_job_id": task_id}
