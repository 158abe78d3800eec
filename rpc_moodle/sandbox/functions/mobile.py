"""``tool_mobile_get_public_config``: what a site tells everybody, by a token or by none."""

from __future__ import annotations

from typing import Any

from rpc_moodle.sandbox.functions.base import Call, function
from rpc_moodle.sandbox.site import Mode, Site


@function("tool_mobile_get_public_config")
def get_public_config(call: Call, params: dict[str, Any]) -> dict[str, Any]:
    """Describe the site and how one logs in there (``site.public_config``)."""
    del params
    return public_config(call.site, call.url)


def public_config(site: Site, url: str) -> dict[str, Any]:
    """Give the configuration for a site at an address."""
    mobile = site.services.get("moodle_mobile_app")
    shown: dict[str, Any] = {
        "wwwroot": url,
        "httpswwwroot": url,
        "sitename": site.name,
        "guestlogin": 1,
        "rememberusername": 2,
        "authloginviaemail": 0,
        "registerauth": "",
        "forgottenpasswordurl": "",
        "authinstructions": "",
        "authnoneenabled": 0,
        "enablewebservices": int(site.mode is not Mode.WEBSERVICES_DISABLED),
        "enablemobilewebservice": int(mobile is not None and mobile.enabled),
        "maintenanceenabled": int(site.mode is Mode.MAINTENANCE),
        "maintenancemessage": "",
        "typeoflogin": 1,
        "launchurl": f"{url}/admin/tool/mobile/launch.php",
        "mobilecssurl": "",
        "tool_mobile_disabledfeatures": "",
        "country": "0",
        "agedigitalconsentverification": False,
        "supportpage": "",
        "supportavailability": 1,
        "autolang": 1,
        "lang": "en",
        "langmenu": 1,
        "langlist": "",
        "locale": "",
        "tool_mobile_minimumversion": "",
        "tool_mobile_iosappid": "633359593",
        "tool_mobile_androidappid": "com.moodle.moodlemobile",
        "tool_mobile_setuplink": "https://download.moodle.org/mobile",
        "tool_mobile_qrcodetype": 1,
        "warnings": [],
    }
    return shown if site.release == "4.4" else shown | {"showloginform": 1}


FUNCTIONS = (get_public_config,)
