"""The site's cron: works off the queue and reports to the panel."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import aiohttp

from rpc_moodle.sandbox.moopanel import seed
from rpc_moodle.sandbox.moopanel.panel import Panel, Task

_SLOW, _BROKEN, _SILENT = "local_slow", "local_broken", "local_silent"
_PRESET: Final = """<?xml version="1.0" encoding="UTF-8"?>
<PRESET>
  <NAME>Moopanel</NAME>
  <COMMENTS>Preset for MooPanel application</COMMENTS>
  <PRESET_DATE>{time}</PRESET_DATE>
  <SITE_URL>https://moodle.example.edu</SITE_URL>
  <ADMIN_SETTINGS>
    <NONE><SETTINGS><SMTPPASS>{secret}</SMTPPASS><SMTPUSER>mail</SMTPUSER></SETTINGS></NONE>
    <LOCAL_MOOPANEL><SETTINGS><APIKEY>{key}</APIKEY><APIENABLED>1</APIENABLED></SETTINGS></LOCAL_MOOPANEL>
  </ADMIN_SETTINGS>
</PRESET>
"""


def start(panel: Panel) -> None:
    """Have the queue worked off in a while, behind the answer."""
    if panel.seconds is None or not panel.queue:
        return
    running = asyncio.create_task(_later(panel))
    panel.working.add(running)
    running.add_done_callback(panel.working.discard)


async def _later(panel: Panel) -> None:
    await asyncio.sleep(panel.seconds or 0)
    slow = [task for task in panel.queue if _SLOW in _components(task)]
    await run(panel, [task for task in panel.queue if task not in slow])
    if slow:
        await asyncio.sleep(panel.slow_seconds)
        await run(panel, slow)


async def run(panel: Panel, tasks: list[Task] | None = None) -> None:
    """Work off the queue, or some tasks of it, and report each; one that fails stays in the queue."""
    for task in [*panel.queue] if tasks is None else tasks:
        if task not in panel.queue or task.failed:
            continue
        if task.type in panel.failing:
            task.failed = True
            continue
        panel.queue.remove(task)
        report = _WORK[task.type](panel, task)
        panel.sent.append((task.report, report))
        if panel.panel_url and panel.reports and _SILENT not in _components(task):
            await _send(panel, task.report, report)


async def _send(panel: Panel, path: str, report: object) -> None:
    """Report once, as the plugin does: what does not arrive is lost (``tasks_check_after_unreachable``)."""
    text = isinstance(report, str)
    try:
        async with aiohttp.request(
            "POST",
            f"{panel.panel_url}{path}",
            headers={"X-API-KEY": panel.api_key, "Content-Type": "application/json"},
            data=report if text else None,
            json=None if text else report,
            timeout=aiohttp.ClientTimeout(10),
        ) as response:
            await response.read()
    except (aiohttp.ClientError, TimeoutError):
        return


def _components(task: Task) -> list[Any]:
    rows = task.data.get("updates")
    return [row.get("component") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _backup(panel: Panel, task: Task) -> dict[str, Any]:
    course, mode, storage = (task.data[name] for name in ("course", "mode", "storage"))
    panel.made += 1
    folder = mode if storage == "local" else f"{storage}/{mode}"
    link = f"{folder}/course_{course}__{time.strftime('%Y_%m_%d_%H_%M', time.gmtime())}_{panel.made}.zip"
    password = panel.backups[link] = f"archive:{panel.made:06}"
    if mode == "auto":
        panel.unchanged.add(course)
    return {"status": True, "courseid": course, "link": link, "password": password, "filesize": 21894}


def _restore(panel: Panel, task: Task) -> dict[str, Any]:
    known = panel.backups.get(task.data["link"])
    wrong = known is not None and (known != task.data.get("password") or task.data.get("storage") != "local")
    message = "Backup file not found." if known is None else "Password incorrect." if wrong else "Backup restored."
    return {
        "status": message == "Backup restored.",
        "user_id": task.data.get("user_id") or False,
        "backup_result_id": task.data.get("backup_result_id") or False,
        "courseid": task.data["moodle_course_id"],
        "message": message,
    }


def _delete(panel: Panel, task: Task) -> dict[str, Any]:
    message = "Currently support only local storage."
    if task.data["storage"] == "local":
        found = panel.backups.pop(task.data["link"], None)
        message = "Backup file does not exist." if found is None else "Backup deleted successfully."
    return {
        "status": message == "Backup deleted successfully.",
        "user_id": task.data["user_id"],
        "backup_result_id": task.data["number"],
        "message": message,
    }


def _who(task: Task) -> dict[str, Any]:
    return {
        "moodle_job_id": task.id,
        "user_id": task.data.get("user_id") or False,
        "username": task.data.get("username") or False,
    }


def _update(panel: Panel, task: Task) -> dict[str, Any]:
    return {**_who(task), "updates": [_updated(panel, one) for one in task.data["updates"]]}


def _updated(panel: Panel, one: Any) -> dict[str, Any]:
    asked = one if isinstance(one, dict) else {}
    component, version = asked.get("component"), str(asked.get("version", ""))
    found = panel.plugin(component) if component else None
    known = panel.updates.get(component or "", [])
    ok, problem = False, "Plugin not exist in Moodle"
    if found is not None and not known and version <= found["version"]:
        ok, same = True, version == found["version"]
        problem = "Update already installed" if same else "Newer version of plugin already installed"
    elif found is not None and not known:
        problem = "Update not found"
    elif found is not None and not any(update["download"] == asked.get("download") for update in known):
        problem = "Update not exist"
    elif component == _BROKEN:
        problem = "Cannot download zip file"
    elif found is not None:
        found["version"], ok, problem = version, True, ""
    return {"model_id": asked.get("model_id"), "status": ok, "component": component, "error": problem or None}


def _install(panel: Panel, task: Task) -> dict[str, Any]:
    return {**_who(task), "updates": [_installed(panel, str(link)) for link in task.data["updates"]]}


def _installed(panel: Panel, link: str) -> dict[str, Any]:
    """Install what an address names, since the sandbox fetches nothing: ``…/local_example_v1.zip``."""
    name = re.search(r"/([a-z]+)_([a-z0-9]+)_v\d+\.zip$", link)
    if name is None:
        problem = "Invalid zip file." if link.endswith("/broken.zip") else "Cannot download zip file"
        return {"link": link, "status": False, "component": None, "version": "", "error": problem}
    component = f"{name[1]}_{name[2]}"
    if panel.writable and panel.plugin(component) is None:
        panel.plugins.append(seed.plugin(name[1], name[2], name[2], seed.OLD))
    return {"link": link, "status": panel.writable, "component": component, "version": "", "error": None}


def _core(_panel: Panel, task: Task) -> dict[str, Any]:
    """Fail as the recorded one did: the sandbox fetches nothing."""
    return {
        "status": False,
        "moodle_job_id": task.id,
        "user_id": task.data.get("user_id") or False,
        "update_id": task.data["update_id"],
        "message": "Can not download zip file.",
    }


def _preset(panel: Panel, _task: Task) -> str:
    return _PRESET.format(time=int(time.time()), secret=seed.SECRET, key=panel.api_key)


_WORK: Final[Mapping[str, Callable[[Panel, Task], object]]] = {
    "backup_course": _backup,
    "backup_course_restore": _restore,
    "backup_course_delete": _delete,
    "plugins_update": _update,
    "plugins_install_zip": _install,
    "core_update": _core,
    "admin_presets_create": _preset,
}
