"""An async Moodle client, useful without the service: ``from rpc_moodle.moodle import MoodleClient, users``.

The client speaks, an area module knows: ``site``, ``users``, ``groups``, ``assignments``, ``participants``,
``submissions``, ``grades``, ``files`` and ``publishing`` hold functions that take the client.
"""

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.errors import MoodleError
from rpc_moodle.transport.http import Http

__all__ = ["Http", "MoodleClient", "MoodleError"]
