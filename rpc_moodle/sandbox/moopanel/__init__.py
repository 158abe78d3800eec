"""The MooPanel plugin of the sandbox: its endpoints, its queue and what it reports; held to recorded answers."""

from rpc_moodle.sandbox.moopanel.panel import Panel
from rpc_moodle.sandbox.moopanel.server import SCRIPT, SETTINGS, answer, answer_settings, function_of

__all__ = ["SCRIPT", "SETTINGS", "Panel", "answer", "answer_settings", "function_of"]
