"""What python-socketio and python-engineio say, without what was sent: they quote payloads, origins and session ids."""

import logging

from utils.logs import Seldom

KINDS = (
    "Invalid session",
    "Invalid transport",
    "Invalid websocket upgrade",
    "Socket for session",
    "Unexpected HTTP request",
    "unsupported version",
    "not an accepted origin",
    "post request handler error",
    "Unknown receive error",
    "handler error",
)
"""Parts of the libraries' own sentences, each of which names a kind."""


class Kinds(logging.Filter):
    """Lets no message through, and logs its kind instead, with the type of its exception."""

    def __init__(self) -> None:
        super().__init__()
        self._log = Seldom("utils.server")

    def filter(self, record: logging.LogRecord) -> bool:
        """Log the kind of a message in its place."""
        said = record.getMessage()
        kind = next((kind for kind in KINDS if kind in said), "unknown")
        error = record.exc_info[0] if record.exc_info else None
        self._log.info("library", kind=kind, error=error.__name__ if error is not None else None)
        return False


def library_logger() -> logging.Logger:
    """Make the logger that is given to both libraries."""
    logger = logging.getLogger("utils.server.library")
    logger.setLevel(logging.ERROR)  # below, both libraries log payloads
    if not any(isinstance(each, Kinds) for each in logger.filters):
        logger.addFilter(Kinds())
    return logger
