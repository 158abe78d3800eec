"""The faults of the matrix: what happens at the site, how long a call may take, and which codes are right."""

from dataclasses import dataclass
from enum import Enum

from rpc_moodle.sandbox import Fault, Rule

OK = frozenset({"ok"})
TIMEOUT = frozenset({"timeout"})
BAD = frozenset({"bad_response"})
UNREACHABLE = frozenset({"unreachable"})
UNAVAILABLE = frozenset({"site_unavailable"})
BUSY = frozenset({"rate_limited"})

FUNCTIONS = "?*"
"""The pattern of all functions; files have none."""

SHORT = 0.8
"""Seconds that a call has to which no answer comes: enough to have asked for it, on a busy machine, too."""

LONG = 10.0
"""Seconds that any other call has: enough for attempts and pauses on a slow machine."""


class Door(Enum):
    """Where a call knocks."""

    OPEN = "http"
    UNTRUSTED = "https, with a certificate that nobody trusts"
    CLOSED = "a port where nothing listens"


@dataclass(frozen=True)
class Trouble:
    """A fault with what a caller has to read.

    ``codes``: the error codes that are right, ``ok`` for success. ``seconds``: the deadline of the call. ``heavy``:
    it takes memory, so that few go at a time. ``wait``: the ``retryAfter`` that the error has to have. ``passing``:
    the same call may well succeed, whatever its code says as a rule.
    """

    name: str
    codes: frozenset[str]
    rule: Rule | None = None
    door: Door = Door.OPEN
    seconds: float = LONG
    heavy: bool = False
    wait: float | None = None
    passing: bool = False

    @property
    def functions_only(self) -> bool:
        """Whether it strikes calls of functions, and no files."""
        return self.rule is not None and self.rule.function == FUNCTIONS


def _after(fault: Fault) -> Rule:
    return Rule(fault=fault, function=FUNCTIONS)


def _status(status: int, codes: frozenset[str], wait: float | None = None) -> Trouble:
    name = f"{status}, Retry-After" if wait else f"{status}"
    return Trouble(name, codes, Rule(fault=Fault.STATUS, status=status, retry_after=wait), wait=wait)


TROUBLES = (
    Trouble("none", OK),
    Trouble("delay", TIMEOUT, Rule(fault=Fault.DELAY, seconds=60), seconds=SHORT),
    Trouble("short delay", OK, Rule(fault=Fault.DELAY, seconds=0.02)),
    Trouble("slow drip", TIMEOUT, Rule(fault=Fault.DRIP, seconds=0.1), seconds=SHORT),
    Trouble("no answer", TIMEOUT, Rule(fault=Fault.HANG_BEFORE), seconds=SHORT),
    Trouble("no answer, work done", TIMEOUT, _after(Fault.HANG_AFTER), seconds=SHORT),
    Trouble("reset", UNREACHABLE, Rule(fault=Fault.CUT_BEFORE)),
    Trouble("reset, work done", UNREACHABLE, _after(Fault.CUT_AFTER)),
    Trouble("reset once", OK, Rule(fault=Fault.CUT_BEFORE, times=1)),
    Trouble("truncated", BAD, Rule(fault=Fault.TRUNCATED), seconds=4, passing=True),
    Trouble("truncated, work done", BAD, _after(Fault.TRUNCATED_AFTER), passing=True),
    _status(429, BUSY),
    _status(429, BUSY, 30),
    _status(500, UNAVAILABLE),
    _status(500, UNAVAILABLE, 30),
    _status(502, UNAVAILABLE),
    _status(502, UNAVAILABLE, 30),
    _status(503, UNAVAILABLE),
    _status(503, UNAVAILABLE, 30),
    Trouble("503, work done", UNAVAILABLE, _after(Fault.STATUS_AFTER)),
    Trouble("503 once", OK, Rule(fault=Fault.STATUS, times=1)),
    Trouble("HTML", BAD, Rule(fault=Fault.HTML)),
    Trouble("HTML, work done", BAD, _after(Fault.HTML_AFTER)),
    Trouble("wrong type", OK, Rule(fault=Fault.WRONG_TYPE)),
    Trouble("invalid JSON", BAD, Rule(fault=Fault.INVALID_JSON)),
    Trouble("deep JSON", BAD, Rule(fault=Fault.DEEP_JSON)),
    Trouble("gzip bomb", BAD | TIMEOUT | {"too_large"}, Rule(fault=Fault.GZIP_BOMB), seconds=1, heavy=True),
    Trouble("endless body", BAD | TIMEOUT | {"too_large"}, Rule(fault=Fault.ENDLESS), seconds=1, heavy=True),
    Trouble("redirect loop", BAD, Rule(fault=Fault.REDIRECT_LOOP)),
    Trouble("redirect away", BAD, Rule(fault=Fault.REDIRECT_AWAY)),
    Trouble("certificate", UNREACHABLE, door=Door.UNTRUSTED),
    Trouble("nothing listens", UNREACHABLE, door=Door.CLOSED),
)
