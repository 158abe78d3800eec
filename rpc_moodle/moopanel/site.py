"""A site as a whole: what it is, its key, its courses."""

from typing import Any, Literal

from typing_extensions import TypedDict

from rpc_moodle.moopanel.client import PanelClient
from rpc_moodle.moopanel.models import ApiKeyStatus, PanelCourses, PanelSite
from rpc_moodle.moopanel.values import local_time, unix_time

_NEVER_SET = "1970-01-01"


async def test_connection(panel: PanelClient) -> PanelSite:
    """Ask for what a site is, which proves that the key is right."""
    return await panel.get("test_connection", PanelSite)


async def dashboard(panel: PanelClient) -> PanelSite:
    """Ask for what a site is, with its short name and small logo."""
    return await panel.get("dashboard", PanelSite)


class _KeyStatus(TypedDict):
    key_expiration_date: Any


async def key_status(panel: PanelClient) -> ApiKeyStatus:
    """Ask until when the key is meant to be used."""
    return read_key_status((await panel.get("api_key_status", _KeyStatus))["key_expiration_date"])


async def set_key_status(panel: PanelClient, expires_at: int | None) -> ApiKeyStatus:
    """Say until when the key is meant to be used, in Unix seconds; None for always.

    The plugin takes any text as well, and then fails at every look at it (``api_key_status_post_text``).
    """
    answer = await panel.send("POST", "api_key_status", _KeyStatus, {"key_expiration_date": expires_at})
    return read_key_status(answer["key_expiration_date"])


def read_key_status(value: object) -> ApiKeyStatus:
    """Read the date in its forms: a Unix time, the site's local time, null or ``permanent`` for always.

    A date that nobody has set comes as the first day of 1970 (``api_key_status_get_unset``).
    """
    if value is None or value == "permanent":
        return {"validity": "permanent", "expiresAt": None, "localTime": None}
    written, moment = local_time(value), unix_time(value)
    unset = (moment is None and written is None) or (written is not None and written.startswith(_NEVER_SET))
    validity: Literal["unset", "dated"] = "unset" if unset else "dated"
    return {"validity": validity, "expiresAt": moment, "localTime": None if unset else written}


async def courses(panel: PanelClient, *, with_courses: bool, with_categories: bool) -> PanelCourses:
    """Count courses and categories, and list those that are asked for."""
    params = {"displaycourses": with_courses or None, "displaycategories": with_categories or None}
    return await panel.get("courses", PanelCourses, params)
