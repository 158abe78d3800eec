"""What all calls to the MooPanel plugin share, and those about a site as a whole."""

from pydantic import AliasChoices, Field

from rpc_moodle.methods.common import ApiKey, MoodleId, SiteAddress
from rpc_moodle.moopanel import PanelClient, site
from rpc_moodle.moopanel.models import ApiKeyStatus, PanelCourses, PanelSite
from rpc_moodle.transport.http import Http
from utils.call import Call
from utils.contract import Options, Request
from utils.registry import Registry

methods = Registry()


class PanelOptions(Options):
    """Which site, and with which key; kept nowhere after the call."""

    url: SiteAddress = Field(
        validation_alias=AliasChoices("url", "apiUrl"), description="The Moodle site's address, as pasted."
    )
    api_key: ApiKey = Field(
        validation_alias=AliasChoices("apiKey", "token"),
        description="The API key that stands in the settings of the site's MooPanel plugin.",
    )


class PanelRequest(Request):
    """A call that goes to the MooPanel plugin of a site."""

    options: PanelOptions


class PanelChange(PanelRequest):
    """A call that changes a site; the command line asks before it is sent."""


class PanelInstanceRequest(PanelRequest):
    """A call about an instance, which is what a panel calls a site."""

    instance_id: MoodleId = Field(description="The panel's own number of the site; reports come under it.")


class PanelJobRequest(PanelInstanceRequest, PanelChange):
    """A call that has a site do something in its own time."""

    user_id: MoodleId | None = Field(
        default=None, description="The panel's number of who wants it, for the plugin's records."
    )
    username: str | None = Field(
        default=None, max_length=200, description="The panel's name of who wants it, for the plugin's records."
    )

    @property
    def who(self) -> dict[str, object]:
        """Name who wants it, as the plugin takes it."""
        named = {"user_id": self.user_id, "username": self.username}
        return {name: value for name, value in named.items() if value is not None}


def panel_of(request: PanelRequest, call: Call) -> PanelClient:
    """Make the client of a call: its own site and key, the service's connections.

    Raises InvalidSite or InvalidCredential.
    """
    return PanelClient(
        request.options.url,
        request.options.api_key,
        http=call.shared(Http),
        remaining=call.deadline.remaining,
        caller=call.caller.id if call.caller else None,
    )


class TestConnectionRequest(PanelRequest):
    """Which site to try."""


@methods.method("moopanel.testConnection")
async def test_connection(request: TestConnectionRequest, call: Call) -> PanelSite:
    """Try whether the plugin answers and knows the key, and tell what the site is."""
    async with panel_of(request, call) as panel:
        return await site.test_connection(panel)


class DashboardRequest(PanelRequest):
    """Which site to look at."""


@methods.method("moopanel.getDashboard")
async def get_dashboard(request: DashboardRequest, call: Call) -> PanelSite:
    """Tell what a site is: names, logos, theme, Moodle version."""
    async with panel_of(request, call) as panel:
        return await site.dashboard(panel)


class KeyStatusRequest(PanelRequest):
    """Whose key to ask about."""


@methods.method("moopanel.getApiKeyStatus")
async def get_api_key_status(request: KeyStatusRequest, call: Call) -> ApiKeyStatus:
    """Tell until when the site's API key is meant to be used; the plugin itself never refuses it for its age."""
    async with panel_of(request, call) as panel:
        return await site.key_status(panel)


class SetKeyStatusRequest(PanelChange):
    """Until when the key is meant to be used: a moment, or always."""

    expires_at: int | None = Field(ge=1, le=2**33, description="A Unix time in seconds; null for always.")


@methods.method("moopanel.setApiKeyStatus", writes=True)
async def set_api_key_status(request: SetKeyStatusRequest, call: Call) -> ApiKeyStatus:
    """Note at the site until when its API key is meant to be used."""
    async with panel_of(request, call) as panel:
        return await site.set_key_status(panel, request.expires_at)


class PanelCoursesRequest(PanelRequest):
    """What to tell of the courses of a site."""

    courses: bool = Field(default=False, description="List the courses.")
    categories: bool = Field(default=False, description="List the categories.")


@methods.method("moopanel.getCourses")
async def get_courses(request: PanelCoursesRequest, call: Call) -> PanelCourses:
    """Count the courses and categories of a site, and list those that are asked for."""
    async with panel_of(request, call) as panel:
        return await site.courses(panel, with_courses=request.courses, with_categories=request.categories)
