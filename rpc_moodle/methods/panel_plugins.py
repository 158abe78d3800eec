"""The plugins of a MooPanel site, and Moodle itself: looking, updating, installing, uninstalling."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from typing_extensions import TypedDict

from rpc_moodle.errors import NOT_FOUND
from rpc_moodle.methods.common import MoodleId
from rpc_moodle.methods.panel import PanelChange, PanelJobRequest, PanelRequest, panel_of
from rpc_moodle.methods.panel_jobs import begun
from rpc_moodle.moopanel import plugins
from rpc_moodle.moopanel.jobs import Started, new_number
from rpc_moodle.moopanel.models import AvailableUpdate, CoreStatus, PanelPlugins, PluginDetails
from rpc_moodle.transport.address import http_url
from utils.call import Call
from utils.contract import Model
from utils.errors import RpcError
from utils.registry import Registry

methods = Registry()

Component = Annotated[str, Field(pattern=r"^[a-z]+_[a-z0-9_]+$", max_length=100)]
"""The full name of a plugin, its type first: ``mod_forum``."""

Version = Annotated[str, Field(pattern=r"^[0-9]{8,12}(\.[0-9]{1,4})?$")]
"""A version of Moodle or of a plugin: the number, not the release."""


def _link(text: str) -> str:
    return str(http_url(text, "A ZIP's address", longest=2000, forbidden=r"[\s\x00-\x1f\x7f\\]"))


Link = Annotated[str, AfterValidator(_link)]
"""The address of a ZIP file, which the site fetches itself."""


class PanelPluginsRequest(PanelRequest):
    """What to tell of each plugin."""

    updates: bool = Field(default=False, description="Give the updates that the site knows of.")
    update_log: bool = Field(default=False, description="Give the lines of the upgrade log.")


@methods.method("moopanel.getPlugins")
async def get_plugins(request: PanelPluginsRequest, call: Call) -> PanelPlugins:
    """List the plugins of a site."""
    async with panel_of(request, call) as panel:
        return await plugins.plugins(panel, updates=request.updates, update_log=request.update_log)


class PanelPluginRequest(PanelPluginsRequest):
    """Which plugin, and what to tell of it."""

    plugin: Component = Field(description="The plugin's full name, such as `mod_forum`.")
    config: bool = Field(default=False, description="Give its settings, without the values of secrets.")


@methods.method("moopanel.getPlugin")
async def get_plugin(request: PanelPluginRequest, call: Call) -> PluginDetails:
    """Tell about one plugin of a site."""
    async with panel_of(request, call) as panel:
        return await plugins.plugin(
            panel, request.plugin, updates=request.updates, update_log=request.update_log, config=request.config
        )


class PluginUpdateItem(Model):
    """An update to install, as `updates` of `moopanel.getPlugins` has it."""

    component: Component = Field(description="The plugin's full name.")
    version: Version = Field(description="The version to update to.")
    release: str = Field(default="", max_length=100, description="The name of the version.")
    download: Link = Field(description="Where the site has it from; it takes only what its own checker knows.")
    model_id: MoodleId | None = Field(default=None, description="The caller's own number, which the report repeats.")


class UpdatePluginsRequest(PanelJobRequest):
    """Which updates to install."""

    updates: tuple[PluginUpdateItem, ...] = Field(min_length=1, max_length=200, description="The updates.")


@methods.method("moopanel.updatePlugins", writes=True)
async def update_plugins(request: UpdatePluginsRequest, call: Call) -> Started:
    """Have plugins updated by the site's cron; the site is in maintenance while it runs."""
    updates = [
        plugins.PluginUpdate(each.model_id or new_number(), each.component, each.version, each.release, each.download)
        for each in request.updates
    ]
    async with panel_of(request, call) as panel, begun(panel, request, call) as after:
        return after(await plugins.update(panel, request.instance_id, updates, request.who))


class InstallPluginsRequest(PanelJobRequest):
    """Which plugins to install."""

    links: tuple[Link, ...] = Field(min_length=1, max_length=50, description="The addresses of the ZIP files.")


@methods.method("moopanel.installPlugins", writes=True)
async def install_plugins(request: InstallPluginsRequest, call: Call) -> Started:
    """Have plugins installed from ZIP files by the site's cron. What is in them runs with all rights of the site."""
    async with panel_of(request, call) as panel, begun(panel, request, call) as after:
        return after(await plugins.install(panel, request.instance_id, request.links, request.who))


class UninstallPluginRequest(PanelChange):
    """Which plugin to uninstall."""

    plugin: Component = Field(description="The plugin's full name, such as `local_example`.")
    dry_run: bool = Field(default=False, description="Ask whether it could be done, and do nothing.")


class Uninstalled(TypedDict):
    """What became of a plugin; ``removed`` says whether its files are gone as well, which the site may not allow."""

    outcome: Literal["uninstalled", "would be uninstalled"]
    removed: bool


@methods.method("moopanel.uninstallPlugin", writes=True)
async def uninstall_plugin(request: UninstallPluginRequest, call: Call) -> Uninstalled:
    """Uninstall a plugin with all data that it has stored, at once."""
    async with panel_of(request, call) as panel:
        done = await plugins.uninstall(panel, request.plugin, dry_run=request.dry_run)
    return {"outcome": "uninstalled" if done["uninstalled"] else "would be uninstalled", "removed": done["removed"]}


class CoreRequest(PanelRequest):
    """Which site to look at."""


@methods.method("moopanel.getCore")
async def get_core(request: CoreRequest, call: Call) -> CoreStatus:
    """Tell the version of Moodle, the updates to it and its upgrade log."""
    async with panel_of(request, call) as panel:
        return await plugins.core(panel)


class UpdateCoreRequest(PanelJobRequest):
    """To which version to update."""

    version: Version = Field(description="The version, as `updates` of `moopanel.getCore` has it.")
    update_id: MoodleId | None = Field(default=None, description="The caller's own number, which the report repeats.")
    dry_run: bool = Field(default=False, description="See whether the site knows the version, and do nothing.")


@methods.method("moopanel.updateCore", writes=True)
async def update_core(request: UpdateCoreRequest, call: Call) -> Started:
    """Have Moodle itself updated by the site's cron; the site is in maintenance while it runs."""
    async with panel_of(request, call) as panel:
        update = _known(await plugins.core(panel), request.version)
        if request.dry_run:
            return {"jobs": [], "results": [{"about": update["version"], "ok": True, "message": "It can be updated."}]}
        async with begun(panel, request, call) as after:
            number = request.update_id or new_number()
            return after(await plugins.update_core(panel, request.instance_id, number, update, request.who))


def _known(core: CoreStatus, version: str) -> AvailableUpdate:
    """Find the update to a version; raises RpcError `not_found`, which names those that there are."""
    for update in core["updates"]:
        if update["version"] == version:
            return update
    known = ", ".join(update["version"] for update in core["updates"]) or "none"
    raise RpcError(NOT_FOUND, f"The site knows no update to version {version}; those it knows: {known}.")
