"""A small Moodle that lives in memory, for demos, tests and benchmarks; held to the recorded answers of real sites."""

from rpc_moodle.sandbox.cases import add_cases
from rpc_moodle.sandbox.faults import Fault, Harm
from rpc_moodle.sandbox.files import Repeated, StoredFile
from rpc_moodle.sandbox.plugins import NAMES as PLUGINS
from rpc_moodle.sandbox.running import Sandbox, run
from rpc_moodle.sandbox.server import create_app
from rpc_moodle.sandbox.site import Mode, Seen, Site
from rpc_moodle.sandbox.stage import Stage
from rpc_moodle.sandbox.standing import Standing, standing, standings
from rpc_moodle.sandbox.switchboard import Rule, Switchboard

__all__ = [
    "PLUGINS",
    "Fault",
    "Harm",
    "Mode",
    "Repeated",
    "Rule",
    "Sandbox",
    "Seen",
    "Site",
    "Stage",
    "Standing",
    "StoredFile",
    "Switchboard",
    "add_cases",
    "create_app",
    "run",
    "standing",
    "standings",
]
