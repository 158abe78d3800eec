"""A small Moodle that lives in memory, for demos, tests and benchmarks; held to the recorded answers of real sites."""

from rpc_moodle.sandbox.faults import Fault
from rpc_moodle.sandbox.files import Repeated, StoredFile
from rpc_moodle.sandbox.running import Sandbox, run
from rpc_moodle.sandbox.server import create_app
from rpc_moodle.sandbox.site import Mode, Seen, Site

__all__ = ["Fault", "Mode", "Repeated", "Sandbox", "Seen", "Site", "StoredFile", "create_app", "run"]
