"""What the plugin finds on the seeded site: users, plugins and the updates to them, as recorded."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

HASH: Final = "$2y$10$SandboxSandboxSandboxSeS4ndb0xS4ndb0xS4ndb0xS4ndb0xS4n"
"""A password hash of nobody, in the form of Moodle's."""

SECRET: Final = "5andboxplugin5ecret"  # noqa: S105 - it opens nothing
"""The secret of a plugin of the sandbox."""

DOWNLOADS: Final = "https://panel.example.edu/zips"
OLD, NEW = "2024010100", "2024020200"
"""Versions of the plugins that can be updated."""

CORE: Final = ("2024042203.01", "4.4.3+ (Build: 20240903)")
"""Moodle's version and release."""

_COLUMNS: Final[dict[str, str | None]] = {
    "id": "",
    **dict.fromkeys(("phone1", "phone2", "institution", "department", "address", "city", "country", "theme"), ""),
    **dict.fromkeys(("idnumber", "lastip", "secret"), ""),
    **dict.fromkeys(("policyagreed", "deleted", "suspended", "emailstop", "firstaccess", "lastaccess"), "0"),
    **dict.fromkeys(("lastlogin", "currentlogin", "picture", "maildigest", "trackforums", "trustbitmask"), "0"),
    **dict.fromkeys(("confirmed", "mnethostid", "descriptionformat", "mailformat", "autosubscribe"), "1"),
    **dict.fromkeys(("description", "imagealt", "moodlenetprofile", "middlename", "alternatename")),
    **dict.fromkeys(("lastnamephonetic", "firstnamephonetic")),
    "auth": "manual",
    "lang": "en",
    "calendartype": "gregorian",
    "timezone": "99",
    "maildisplay": "2",
    "password": HASH,
    "timecreated": "1795144463",
    "timemodified": "1795144463",
}
_USERS: Final[tuple[dict[str, str | None], ...]] = (
    {"id": "3", "username": "anab", "firstname": "Ana", "lastname": "Babic", "email": "u0@example.com"},
    {"id": "4", "username": "bor", "firstname": "Bor", "lastname": "Kovač", "email": "u1@example.com"},
    {
        "id": "2",
        "username": "admin",
        "firstname": "Admin",
        "lastname": "User",
        "email": "admin@example.com",
        "lastip": "192.0.2.1",
        "maildisplay": "1",
        "timecreated": "0",
    },
    {"id": "6", "username": "upn.user@uni.example", "firstname": "Upn", "lastname": "User", "email": "u3@example.com"},
    {"id": "5", "username": "cene", "firstname": "Cene", "lastname": "Zajc", "email": "u2@example.com"},
    {
        "id": "7",
        "username": "tool_generator_000001",
        "firstname": "Мария",
        "lastname": "Петрова",
        "email": "tool_generator_000001@example.com",
        "password": "",
        "idnumber": "1",
        "lastip": "192.0.2.1",
        "lastnamephonetic": "Weber",
        "firstnamephonetic": "Lena",
        "middlename": "Jakub",
        "alternatename": "Анастасия",
    },
)
_STANDARD: Final = (
    ("mod", "assign", "Assignment", "2024042200", True),
    ("mod", "bigbluebuttonbn", "BigBlueButton", "2024042200", False),
    ("mod", "book", "Book", "2024042200", True),
    ("mod", "chat", "Chat", "2024042200", False),
    ("mod", "choice", "Choice", "2024042200", True),
    ("mod", "data", "Database", "2024042201", True),
    ("mod", "feedback", "Feedback", "2024042200", True),
    ("mod", "folder", "Folder", "2024042200", True),
    ("mod", "forum", "Forum", "2024042200", True),
    ("theme", "boost", "Boost", "2024042200", True),
)
_ADDED: Final = (
    ("local", "moopanel", "MooPanel", "2024081300"),
    ("local", "quick", "An update that is soon done", OLD),
    ("local", "slow", "An update that takes its time", OLD),
    ("local", "broken", "An update that fails", OLD),
    ("local", "silent", "An update that never reports", OLD),
)


def key() -> str:
    """Make the site's API key, the same for every sandbox."""
    return blake2b(b"moopanel", digest_size=16, person=b"sandbox").hexdigest()


def users() -> list[dict[str, Any]]:
    """Make the users with all columns, in the order of their names."""
    return [{**_COLUMNS, **one} for one in _USERS]


def plugins() -> list[dict[str, Any]]:
    """Make the rows of the installed plugins."""
    rows = [plugin(*one, enabled=enabled, is_standard=True) for *one, enabled in _STANDARD]
    return rows + [plugin(*one) for one in _ADDED]


def plugin(kind: str, name: str, title: str, version: str, **more: bool) -> dict[str, Any]:
    """Make the row of a plugin."""
    return {
        "plugin": name,
        "plugintype": kind,
        "display_name": title,
        "component": f"{kind}_{name}",
        "version": version,
        "enabled": None,
        "is_standard": False,
        "has_updates": False,
        "settings_section": f"{kind}setting{name}",
        "directory": f"/{kind}/{name}",
        **more,
    }


def update(component: str, version: str = NEW, **more: str) -> dict[str, Any]:
    """Make an update to a plugin, as the update checker knows it."""
    return {
        "component": component,
        "version": version,
        "release": "1.1",
        "maturity": 200,
        "url": "https://moodle.org/plugins/pluginversion.php?id=1",
        "download": f"{DOWNLOADS}/{component}_v2.zip",
        "downloadmd5": "42f782329df9f8892b5cd6f86d045be2",
        "type": "plugin",
        **more,
    }


def core_update(version: str, kind: str, release: str, name: str) -> dict[str, Any]:
    """Make an update to Moodle itself; the plugin misspells the first key (``moodle_core_seeded``)."""
    return {
        "compotent": "core",
        "version": version,
        "type": kind,
        "release": release,
        "maturity": 200,
        "url": "https://download.moodle.org/",
        "download": f"{DOWNLOADS}/{name}.zip",
        "downloadmd5": "d41d8cd98f00b204e9800998ecf8427e",
    }


def updates() -> dict[str, list[dict[str, Any]]]:
    """Make the updates that the site knows of, by component; those of Moodle itself under ``core``."""
    names = ("local_quick", "local_slow", "local_broken", "local_silent")
    core = [
        core_update("2024042204", "core-minor", "4.4.4 (Build: 20241007)", "nocore"),
        core_update("2024100700", "core-major", "4.5 (Build: 20241007)", "nocore45"),
    ]
    return {**{name: [update(name)] for name in names}, "core": core}


def log_row(component: str, version: str, number: int) -> dict[str, Any]:
    """Make a line of the upgrade log."""
    return {
        "id": number,
        "type": 0,
        "plugin": component,
        "version": version,
        "targetversion": version,
        "info": "Core installed" if component == "core" else "Plugin installed",
        "details": None,
        "backtrace": "",
        "userid": None,
        "timemodified": 1795144163,
        "username": None,
        "email": None,
    }
