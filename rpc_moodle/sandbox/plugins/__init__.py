"""What a site can have installed besides Moodle: plugins with web service functions, each behind its own switch."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from rpc_moodle.sandbox.plugins import activity_utils, coursepilot, wsfunc
from rpc_moodle.sandbox.site import Site

_KNOWN: Final = MappingProxyType(
    {"local_activity_utils": activity_utils, "local_coursepilot": coursepilot, "local_wsfunc": wsfunc}
)

NAMES: Final = tuple(_KNOWN)
"""The plugins that there are."""

TOKEN_NAMES: Final = tuple(dict.fromkeys(name for plugin in _KNOWN.values() for name in plugin.TOKEN_NAMES))
"""The tokens that come with them."""


def install(site: Site, names: Iterable[str]) -> None:
    """Put plugins on a site, with the services and tokens that the recordings show.

    Raises ValueError for one that is not known.
    """
    for name in names:
        if name not in _KNOWN:
            raise ValueError(f"The sandbox knows no plugin {name!r}; it knows {', '.join(NAMES)}.")
        site.functions |= {one.name: one for one in _KNOWN[name].FUNCTIONS}
        _KNOWN[name].install(site)
