"""What a site can have installed besides Moodle: plugins with web service functions, each behind its own switch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from rpc_moodle.sandbox.functions.base import Function
from rpc_moodle.sandbox.plugins import wsfunc
from rpc_moodle.sandbox.site import Site

_KNOWN: Final = MappingProxyType({"local_wsfunc": wsfunc})

NAMES: Final = tuple(_KNOWN)
"""The plugins that there are."""

TOKEN_NAMES: Final = tuple(name for plugin in _KNOWN.values() for name in plugin.TOKEN_NAMES)
"""The tokens that come with them."""


def install(site: Site, names: Iterable[str]) -> None:
    """Put plugins on a site, with the services and tokens that the recordings show.

    Raises ValueError for one that is not known.
    """
    for name in names:
        if name not in _KNOWN:
            raise ValueError(f"The sandbox knows no plugin {name!r}; it knows {', '.join(NAMES)}.")
        site.plugins.append(name)
        _KNOWN[name].install(site)


def functions(site: Site) -> Mapping[str, Function]:
    """Give the functions of a site's plugins by their names."""
    return {one.name: one for name in site.plugins for one in _KNOWN[name].FUNCTIONS}
