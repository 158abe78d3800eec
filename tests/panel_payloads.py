"""What each method of MooPanel is called with where all methods are called, so that the sandbox does it."""

from collections.abc import Mapping
from typing import Any

from rpc_moodle.methods import METHODS
from rpc_moodle.sandbox.moopanel import seed

_INSTANCE = {"instanceId": 666}
_UPDATE = {key: seed.update("local_quick")[key] for key in ("component", "version", "release", "download")}
_JOB = {"kind": "backup", "instanceId": 666, "taskId": 99, "about": ["2"]}

PANEL: Mapping[str, Mapping[str, Any]] = {
    "moopanel.testConnection": {},
    "moopanel.getDashboard": {},
    "moopanel.getApiKeyStatus": {},
    "moopanel.setApiKeyStatus": {"expiresAt": 1795144155},
    "moopanel.getCourses": {"courses": True, "categories": True},
    "moopanel.getUsers": {"search": "e", "fields": ["username", "email", "lastaccess"]},
    "moopanel.countUsers": {},
    "moopanel.getUsersOnline": {},
    "moopanel.getUser": {"username": "bor"},
    "moopanel.getPlugins": {"updates": True, "updateLog": True},
    "moopanel.getPlugin": {"plugin": "local_moopanel", "config": True, "updates": True, "updateLog": True},
    "moopanel.updatePlugins": {**_INSTANCE, "updates": [_UPDATE]},
    "moopanel.installPlugins": {**_INSTANCE, "links": ["https://zips.example.edu/local_new_v1.zip"]},
    "moopanel.uninstallPlugin": {"plugin": "mod_folder", "dryRun": True},
    "moopanel.getCore": {},
    "moopanel.updateCore": {**_INSTANCE, "version": "2024042204"},
    "moopanel.getBackups": {},
    "moopanel.createBackups": {**_INSTANCE, "courses": [2]},
    "moopanel.restoreBackup": {**_INSTANCE, "courseId": 2, "link": "manual/x.zip", "password": "archive"},
    "moopanel.deleteBackups": {**_INSTANCE, "backups": [{"link": "manual/x.zip"}]},
    "moopanel.checkTask": {"taskId": 1, "kind": "backup"},
    "moopanel.createAdminPreset": _INSTANCE,
    "moopanel.waitForJob": {"jobs": [_JOB]},
    "moopanel.subscribe": _INSTANCE,
    "moopanel.unsubscribe": _INSTANCE,
}

assert set(PANEL) == {method.name for method in METHODS if method.name.startswith("moopanel.")}
