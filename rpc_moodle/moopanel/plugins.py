"""The plugins of a site, and Moodle itself: what is installed, what can be updated, and updating it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NotRequired

from typing_extensions import TypedDict

from rpc_moodle.moopanel import errors
from rpc_moodle.moopanel.client import PanelClient
from rpc_moodle.moopanel.jobs import Accepted, ItemResult, Started, about_item, about_link, started
from rpc_moodle.moopanel.models import AvailableUpdate, CoreStatus, PanelPlugins, PluginDetails, UpdateLogEntry
from rpc_moodle.moopanel.secrets import is_secret
from rpc_moodle.moopanel.values import OptionalNumber, Rows, Text


async def plugins(panel: PanelClient, *, updates: bool, update_log: bool) -> PanelPlugins:
    """List all plugins. The plugin takes a flag with any value for given, also 0 (``plugins_flag0``)."""
    params = {"displayupdates": updates or None, "displayupdateslog": update_log or None}
    return await panel.get("plugins", PanelPlugins, params)


class _Info(TypedDict):
    component: Text
    type: Text
    name: Text
    displayname: Text
    source: Text
    release: Text
    versiondisk: Text
    versiondb: Text
    versionrequires: Text


class _Details(TypedDict):
    plugininfo: _Info
    last_check_for_updates: NotRequired[OptionalNumber]
    update_available: NotRequired[Rows[AvailableUpdate]]
    update_log: NotRequired[Rows[UpdateLogEntry]]
    pluginconfig: NotRequired[dict[str, Text] | list[Any] | None]


async def plugin(
    panel: PanelClient, component: str, *, updates: bool = False, update_log: bool = False, config: bool = False
) -> PluginDetails:
    """Ask for one plugin; raises NotFound.

    With ``config`` the plugin gives all settings, its own API key among them (``plugin_moopanel_all``); those that
    bear the name of a secret are left out here.
    """
    flags = {"displayupdates": updates, "displayupdateslog": update_log, "displayconfig": config}
    asked: dict[str, str | bool] = {"plugin": component, **{name: True for name, wanted in flags.items() if wanted}}
    return read_plugin(await panel.get("plugin", _Details, asked))


def read_plugin(answer: _Details) -> PluginDetails:
    """Read what the plugin tells of one plugin, without the values of secrets."""
    info, config = answer["plugininfo"], answer.get("pluginconfig")
    settings = config if isinstance(config, dict) else {}  # PHP writes an empty one as a list
    return {
        "component": info["component"],
        "type": info["type"],
        "name": info["name"],
        "displayName": info["displayname"],
        "source": info["source"],
        "release": info["release"],
        "versionOnDisk": info["versiondisk"],
        "versionInDatabase": info["versiondb"],
        "requires": info["versionrequires"],
        "lastCheck": answer.get("last_check_for_updates"),
        "updates": answer.get("update_available", []),
        "updateLog": answer.get("update_log", []),
        "config": {name: value for name, value in settings.items() if not is_secret(name)},
        "withheld": sorted(name for name in settings if is_secret(name)),
    }


@dataclass(frozen=True, slots=True)
class PluginUpdate:
    """An update to install, as the site's update checker knows it; ``number`` is the caller's own."""

    number: int
    component: str
    version: str
    release: str
    download: str


class _UpdatesAnswer(Accepted):
    updates: NotRequired[Any]


async def update(
    panel: PanelClient, instance_id: int, updates: Sequence[PluginUpdate], who: dict[str, object]
) -> Started:
    """Have updates installed by the site's cron."""
    rows = [
        {
            "model_id": each.number,
            "component": each.component,
            "version": each.version,
            "release": each.release,
            "download": each.download,
        }
        for each in updates
    ]
    data = {"instance_id": instance_id, **who, "updates": rows}
    answer = await panel.send("POST", "plugins/updates", _UpdatesAnswer, data)
    about = sorted(about_item(each.number, each.component) for each in updates)
    return at_once(answer) or started(answer, "pluginUpdate", instance_id, about)


async def install(panel: PanelClient, instance_id: int, links: Sequence[str], who: dict[str, object]) -> Started:
    """Have plugins installed from ZIP files, which the site fetches itself."""
    data = {"instance_id": instance_id, **who, "updates": [*links]}
    answer = await panel.send("POST", "plugins/installzip", _UpdatesAnswer, data)
    about = sorted(about_link(each) for each in links)
    return at_once(answer) or started(answer, "pluginInstall", instance_id, about)


def at_once(answer: _UpdatesAnswer) -> Started | None:
    """Read the answer that the plugin's description shows: what became of each, at once; None for that of a job.

    ``updates`` is a list of objects, or one object, with a key per update.
    """
    found = answer.get("updates")
    groups = found if isinstance(found, list) else [found] if isinstance(found, dict) else []
    rows = [(str(name), row) for group in groups if isinstance(group, dict) for name, row in group.items()]
    results: list[ItemResult] = [
        {"about": name, "ok": row.get("status") is True, "message": str(row.get("error") or "")}
        for name, row in rows
        if isinstance(row, dict)
    ]
    return {"jobs": [], "results": results} if results else None


class Uninstalled(TypedDict):
    """Whether a plugin is uninstalled, and whether its files are gone as well; those are left to the site."""

    uninstalled: bool
    removed: bool


async def uninstall(panel: PanelClient, component: str, *, dry_run: bool = False) -> Uninstalled:
    """Uninstall a plugin with all its data; raises NotFound.

    ``dry_run`` leaves out the confirmation, which the plugin asks for before it does anything
    (``plugin_uninstall_unconfirmed``).
    """
    data = {} if dry_run else {"confirm": True}
    try:
        return await panel.send("POST", "plugin/uninstall", Uninstalled, data, {"plugin": component})
    except errors.NotConfirmed:
        if not dry_run:
            raise
        return {"uninstalled": False, "removed": False}


async def core(panel: PanelClient) -> CoreStatus:
    """Ask for Moodle's own version and the updates to it."""
    return await panel.get("moodle_core", CoreStatus)


async def update_core(
    panel: PanelClient, instance_id: int, number: int, update: AvailableUpdate, who: dict[str, object]
) -> Started:
    """Have Moodle updated by the site's cron; ``number`` is the caller's own.

    The plugin wants an address and then takes the one that the site knows (``moodle_core_update_ok``).
    """
    data = {
        "instance_id": instance_id,
        "update_id": number,
        "version": update["version"],
        "download": update.get("download") or "-",
        **who,
    }
    answer = await panel.send("POST", "moodle_core/update", Accepted, data)
    return started(answer, "coreUpdate", instance_id, [str(number)])
