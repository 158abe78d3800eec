"""An async client of the MooPanel plugin, useful without the service: ``from rpc_moodle.moopanel import PanelClient``.

The client speaks, an area module knows: ``site``, ``users``, ``plugins``, ``backups`` and ``tasks`` hold functions
that take the client; ``callbacks`` reads what a site reports by itself, and ``jobs`` finds the report of a job in it.
"""

from rpc_moodle.moopanel.client import PanelClient
from rpc_moodle.moopanel.errors import MooPanelError

__all__ = ["MooPanelError", "PanelClient"]
