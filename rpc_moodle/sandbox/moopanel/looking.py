"""The endpoints that only look: the site, its users, its plugins, its courses."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final

from rpc_moodle.sandbox.moopanel import seed
from rpc_moodle.sandbox.moopanel.base import Asked, ErrorPage, Refusal, bad

_ALL_USERS: Final = 17
"""Users that ``users/online`` counts; it counts others than the list does (``users_online``)."""
_NOREPLY: Final[dict[str, Any]] = {
    "id": -10,
    "email": None,
    "firstname": "Do not reply to this email",
    "username": "noreply",
    "lastname": "",
    "confirmed": 1,
    "suspended": 0,
    "deleted": 0,
    "picture": 0,
    "auth": "manual",
    "maildisplay": "1",
    "emailstop": 1,
    **dict.fromkeys(("firstnamephonetic", "lastnamephonetic", "middlename", "alternatename", "imagealt"), ""),
}


def connection(asked: Asked) -> dict[str, Any]:
    """Tell what the site is."""
    return {
        "url": asked.url,
        "site_fullname": asked.site,
        "logo": None,
        "theme": "boost",
        "moodle_version": seed.CORE[1],
    }


def dashboard(asked: Asked) -> dict[str, Any]:
    """Tell what the site is, with more names."""
    return {**connection(asked), "site_shortname": "ref44", "logocompact": None}


def key_status(asked: Asked) -> dict[str, Any] | tuple[int, dict[str, Any]]:
    """Tell or set until when the key is meant to be used (``api_key_status_*``)."""
    if asked.method == "GET":
        value = asked.panel.expiration
        if value == "permanent":
            return {"key_expiration_date": None}
        if not isinstance(value, int):
            raise ErrorPage
        moment = datetime.fromtimestamp(value, UTC)
        hours = 1 if moment.year == 1970 else moment.hour  # noqa: PLR2004 - when the recorded site's zone was an hour ahead
        return {"key_expiration_date": moment.replace(hour=hours).strftime("%m/%d/%Y %H:%M:%S")}
    if asked.data is None:
        raise ErrorPage
    if "key_expiration_date" not in asked.data:
        raise bad("Missing API key expiration_date")
    asked.panel.expiration = asked.data["key_expiration_date"] or "permanent"
    return 201, {"status": True, "key_expiration_date": asked.panel.expiration}


def users(asked: Asked) -> dict[str, Any]:
    """List or count users; ``users/foo`` lists them, too."""
    if asked.method == "POST":
        raise Refusal(501, "Not Implemented yet.")
    if asked.rest == "/online":
        return _online(asked)
    needle = asked.query.get("search", "").lower()
    found = [
        one for one in asked.panel.users if needle in f"{one['firstname']} {one['lastname']} {one['email']}".lower()
    ]
    if asked.rest == "/count":
        return {"number_of_users": len(found)}
    columns = [name for name in asked.query.get("fields", "").split(",") if name]
    known = asked.panel.users[0].keys()
    order, _, direction = asked.query.get("sort", "lastname").partition(" ")
    if not {*columns, order or "id"} <= known:
        raise Refusal(555, "Error reading from database")
    if "sort" in asked.query:
        found.sort(key=lambda one: str(one[order or "id"]), reverse=direction.upper() == "DESC")
    rows = [{name: one[name] for name in columns or known} for one in found]
    if not rows:
        return {"users": None}
    distinct = {next(iter(row.values())): row for row in rows}  # by the first column, the last one stays
    return {"number_of_users": len(distinct), "users": list(distinct.values())}


def _online(asked: Asked) -> dict[str, Any]:
    start, end = (asked.query.get(name, "") for name in ("timeStart", "timeEnd"))
    if start.isdigit() and end.isdigit() and int(start) > int(end):
        raise bad("StartTime must be less than endTime.")
    return {"all_users": _ALL_USERS, "online": 8}


def user(asked: Asked) -> dict[str, Any]:
    """Find one user; of several parameters the first of upn, user name, e-mail and id counts."""
    if asked.method == "POST":
        raise Refusal(501, "Not implemented yet.")
    for name, column in (("upn", "username"), ("username", "username"), ("email", "email"), ("id", "id")):
        if name in asked.query:
            wanted = asked.query[name].lower()
            if (name, wanted) == ("id", "-10"):
                return {"user": _NOREPLY}
            for one in asked.panel.users:
                if one[column].lower() == wanted:
                    return {"user": one}
            raise bad("User not found.")
    raise bad("No parameters provided.")


def plugins(asked: Asked) -> dict[str, Any]:
    """List the plugins; flags count with any value."""
    rows = []
    for number, plugin in enumerate(asked.panel.plugins):
        row = dict(plugin)
        if "displayupdates" in asked.query:
            row["update_available"] = asked.panel.updates.get(plugin["component"], [])
        if "displayupdateslog" in asked.query:
            row["update_log"] = [seed.log_row(plugin["component"], plugin["version"], 83 + number)]
        rows.append(row)
    return {"last_check_for_updates": None, "plugins": rows}


def plugin(asked: Asked) -> dict[str, Any]:
    """Tell about a plugin, or uninstall it (``plugin_*``)."""
    if "plugin" not in asked.query:
        raise bad("Plugin not specified.")
    component = asked.query["plugin"]
    if asked.method == "POST" and asked.rest != "/uninstall":
        raise Refusal(501, "Not implemented yet.")
    found = asked.panel.plugin(component)
    if found is None:
        raise bad("Plugin not exist.")
    if asked.method == "POST":
        if not asked.given("confirm"):
            raise Refusal(403, "Not confirmed.")
        asked.panel.plugins.remove(found)
        return {"uninstalled": True, "removed": False}
    answer: dict[str, Any] = {"plugininfo": _info(found)}
    if "displayupdates" in asked.query:
        answer |= {"last_check_for_updates": None, "update_available": asked.panel.updates.get(component, [])}
    if "displayupdateslog" in asked.query:
        answer["update_log"] = [seed.log_row(component, found["version"], 1331)]
    if "displayconfig" in asked.query:
        answer["pluginconfig"] = _config(asked, found)
    return answer


def _info(found: dict[str, Any]) -> dict[str, Any]:
    nothing = ("pluginsupported", "pluginincompatible", "instances", "sortorder", "supported", "incompatible")
    return {
        "type": found["plugintype"],
        "typerootdir": f"/var/www/moodle/{found['plugintype']}",
        "name": found["plugin"],
        "displayname": found["display_name"],
        "source": "std" if found["is_standard"] else "ext",
        "rootdir": f"/var/www/moodle{found['directory']}",
        "versiondisk": int(found["version"]),
        "versiondb": found["version"],
        "versionrequires": 2022041900,
        "release": None if found["is_standard"] else "1.0.0",
        "dependencies": [],
        "component": found["component"],
        **dict.fromkeys(nothing),
    }


def _config(asked: Asked, found: dict[str, Any]) -> dict[str, Any]:
    """Give a plugin's settings with all secrets, as the plugin does (``plugin_moopanel_all``)."""
    if found["component"] != "local_moopanel":
        return {"version": found["version"], **({} if found["is_standard"] else {"clientsecret": seed.SECRET})}
    return {
        "apienabled": "1",
        "apikey": asked.panel.api_key,
        "iprestrict": "",
        "key_expiration_date": str(asked.panel.expiration),
        "moopanelurl": asked.panel.panel_url,
        "version": found["version"],
    }


def courses(asked: Asked) -> dict[str, Any]:
    """Count and list courses and categories; the site's own is none."""
    listed = [
        {"id": one, "category": into, "name": "Test course: XS"} for one, into in asked.panel.courses.items() if into
    ]
    top = {"id": 1, "parent": 0, "name": "Category 1", "sort": 10000, "path": "/1", "depth": 1}
    answer: dict[str, Any] = {"number_of_categories": 1, "number_of_courses": len(listed)}
    if "displaycategories" in asked.query:
        answer["categories"] = [top]
    if "displaycourses" in asked.query:
        answer["courses"] = listed
    return answer


def tasks(asked: Asked) -> dict[str, Any]:
    """Tell what the queue and the logs know of a task (``tasks_check_*``)."""
    if asked.rest != "/check":
        raise Refusal(405, "Not allowed.")
    for name, problem in (("id", "No task id specified."), ("type", "No task type specified.")):
        if not asked.query.get(name):
            raise bad(problem)
    number = int(asked.query["id"]) if re.fullmatch(r"[0-9]{1,9}", asked.query["id"]) else 0
    queued = next((task for task in asked.panel.queue if task.id == number), None)
    if queued is not None:
        return {"status": 3, "error": "Task was failed."} if queued.failed else {"status": 2, "error": ""}
    if number in asked.panel.core_tasks:
        return {"status": 2, "error": ""}
    if number in asked.panel.logs:
        return {"status": 1, "error": asked.panel.logs[number]}
    return {"status": 4, "error": "There is no log data for selected task."}
