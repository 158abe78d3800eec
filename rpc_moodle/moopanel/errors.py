"""Everything that can go wrong with a MooPanel site: the transport's errors, and what the plugin itself refuses.

::

    MooPanelError              the transport's SiteError, whose tree stands in ``rpc_moodle.transport.errors``
    ├── InvalidSite, InvalidCredential, HostNotAllowed, Unreachable, SiteTimeout, BadResponse, SiteUnavailable …
    └── PanelRefusal           the plugin answered with an error
        ├── InvalidKey         the plugin does not know the key
        ├── NotConfirmed       the plugin asks for a confirmation
        ├── NotFound           user, plugin, course or version
        ├── Refused            the plugin finds the request wrong
        ├── NotOffered         the plugin of this site has no such endpoint or method
        └── PluginFault        the plugin failed

No text of any of them holds a key or a URL's query.
"""

from rpc_moodle.transport.errors import (
    AnswerTooLarge,
    BadResponse,
    InvalidCredential,
    ServerFault,
    SiteBusy,
    SiteTimeout,
    SiteUnavailable,
)
from rpc_moodle.transport.errors import SiteError as MooPanelError

__all__ = [
    "AnswerTooLarge",
    "BadResponse",
    "InvalidCredential",
    "InvalidKey",
    "MooPanelError",
    "NotConfirmed",
    "NotFound",
    "NotOffered",
    "PanelRefusal",
    "PluginFault",
    "Refused",
    "ServerFault",
    "SiteBusy",
    "SiteTimeout",
    "SiteUnavailable",
]


class PanelRefusal(MooPanelError):
    """The plugin answered with an error.

    ``status`` is that of HTTP, ``endpoint`` what was asked for; the text is the plugin's own message.
    """

    def __init__(self, message: str, *, endpoint: str, status: int) -> None:
        """Take the plugin's message and what it was an answer to."""
        super().__init__(message)
        self.endpoint = endpoint
        self.status = status


class InvalidKey(PanelRefusal):
    """The plugin does not know the key, or the site has none yet (401)."""


class NotConfirmed(PanelRefusal):
    """The plugin would do it, and asks for a confirmation (403, ``plugin_uninstall_unconfirmed``)."""


class NotFound(PanelRefusal):
    """There is no such user, plugin, course or version (400, ``user_notfound_id``)."""


class Refused(PanelRefusal):
    """The plugin finds the request wrong (400)."""


class NotOffered(PanelRefusal):
    """The plugin of this site has no such endpoint or method (404, 405, 501)."""


class PluginFault(PanelRefusal):
    """The plugin failed: 555 (``users_fields_bad``), or an error page of Moodle's (``api_key_status_post_nodata``)."""
