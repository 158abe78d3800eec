"""Logging: one pipeline for structlog and the standard library, without secrets, payloads or local variables."""

import logging
import re
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from utils.settings import KitSettings

_NAMES = r"(?:token|api[_-]?key|password|passwd|authorization|ticket|secret)"
_SECRET_KEY = re.compile(rf"{_NAMES}s?$", re.IGNORECASE)
_SECRET_IN_TEXT = re.compile(
    rf"""(?P<key>{_NAMES}s?\\*["']?\s*(?:[=:]|%3D)\s*\\*)  # token=, "apiKey": , Authorization:
         (?:(?:Bearer|Basic)\s+)?
         (?: "[^"]*" | '[^']*' | [^\s&;,"'<>(){{}}\[\]]+ )""",
    re.IGNORECASE | re.VERBOSE,
)
_TICKET_PATH = re.compile(r"(?P<key>/(?:files|archives)/)[^\s/?#\"']+")
HIDDEN = "***"
SELDOM_SECONDS = 60.0


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Hide values of keys named like token, apiKey, password, authorization, ticket or secret, in texts also."""
    return {key: _hidden(key, value) for key, value in event.items()}


def _without(found: re.Match[str]) -> str:
    """Write what was found without its secret; to read a template would cost more than to look."""
    return f"{found['key']}{HIDDEN}"


def _hidden(key: object, value: Any) -> Any:
    if isinstance(key, str) and _SECRET_KEY.search(key) and value is not None:
        return HIDDEN
    if isinstance(value, str):
        return _TICKET_PATH.sub(_without, _SECRET_IN_TEXT.sub(_without, value))
    if isinstance(value, Mapping):
        return {inner: _hidden(inner, item) for inner, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(None, item) for item in value]
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    return value


_MARKS = {"debug": ".", "info": " ", "warning": "!", "error": "!!", "critical": "!!!"}
_COLOURS = {"warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}
_PLAIN = "\x1b[0m"


def for_eyes(event: EventDict, *, colours: bool = False) -> str:
    """Write a line that fits a terminal: of a call its method and outcome first, no date, names last."""
    event = dict(event)
    level, time = str(event.pop("level", "info")), str(event.pop("timestamp", ""))[11:19]
    trace = [str(event.pop(name)) for name in ("exception", "stack") if event.get(name)]
    for name in ("logger", "caller"):
        event.pop(name, None)
    head = [str(event.pop("event", ""))]
    if head == ["call"]:
        head = [str(event.pop(name, None) or "(no method)") for name in ("method", "outcome")]
    if head == ["request"]:
        head = [str(event.pop(name, None) or "(no answer)") for name in ("function", "status")]
        if event.get("attempt") == 1:
            del event["attempt"]
    if "duration_ms" in event:
        head.append(f"{event.pop('duration_ms'):.0f}ms")
    if "host" in event:
        head.append(str(event.pop("host")))
    name = event.pop("call_id", None)
    rest = [f"{key}={value}" for key, value in event.items() if value is not None]
    line = " ".join([time, _MARKS.get(level, level), *head, *rest, *([f"id={name}"] if name else [])])
    if colours and level in _COLOURS:
        line = f"{_COLOURS[level]}{line}{_PLAIN}"
    return "\n".join([line, *trace])


def configure(settings: KitSettings, *, stream: TextIO | None = None) -> None:
    """Send all logs of the process through one pipeline to ``stream``, standard error without one.

    JSON, one object per line, unless it is a terminal or ``log_format`` says otherwise. Tracebacks are plain: the
    frames' local variables, where tokens live, are never shown.
    """
    stream = stream or sys.stderr
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not stream.isatty())
    common: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
    ]
    colours = stream.isatty()

    def line(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
        return for_eyes(event, colours=colours)

    renderer: Processor = structlog.processors.JSONRenderer() if as_json else line
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=common,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.StackInfoRenderer(),
                redact,
                renderer,
            ],
        )
    )
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    logging.basicConfig(handlers=[handler], level=level, force=True)
    structlog.configure(
        processors=[*common, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


class Seldom:
    """A logger for what strangers can cause at will: ``lines`` a minute of each event, and how many were left out."""

    def __init__(self, name: str, *, lines: int = 10, clock: Callable[[], float] = time.monotonic) -> None:
        """Take the logger's name."""
        self._log = structlog.get_logger(name)
        self._lines = lines
        self._clock = clock
        self._minutes: dict[str, tuple[float, int]] = {}

    def info(self, event: str, **values: object) -> None:
        """Log an event; its name is a constant, since each is remembered."""
        if self._allows(event, values):
            self._log.info(event, **values)

    def warning(self, event: str, **values: object) -> None:
        """Log an event that its operator should see."""
        if self._allows(event, values):
            self._log.warning(event, **values)

    def _allows(self, event: str, values: dict[str, object]) -> bool:
        since, seen = self._minutes.get(event, (float("-inf"), 0))
        now = self._clock()
        if now - since >= SELDOM_SECONDS:
            if seen > self._lines:
                values["left_out"] = seen - self._lines
            since, seen = now, 0
        self._minutes[event] = since, seen + 1
        return seen < self._lines
