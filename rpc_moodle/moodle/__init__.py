"""An async Moodle client, useful without the service: ``from rpc_moodle.moodle import MoodleClient``."""

from rpc_moodle.moodle.client import MoodleClient
from rpc_moodle.moodle.errors import MoodleError
from rpc_moodle.moodle.http import Http

__all__ = ["Http", "MoodleClient", "MoodleError"]
