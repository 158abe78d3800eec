"""Everything that can go wrong with a Moodle site: the transport's errors, and what Moodle itself refuses.

::

    MoodleError                the transport's SiteError, whose tree stands in ``rpc_moodle.transport.errors``
    ├── InvalidSite, InvalidCredential, HostNotAllowed, Unreachable, SiteTimeout, BadResponse, SiteUnavailable …
    └── MoodleException        Moodle answered with an errorcode
        ├── InvalidToken       Moodle does not know the token
        ├── AccessDenied       function, token restriction or capability
        └── NotFound           course, assignment, user or file

No text of any of them holds a token or a URL's query.
"""

from rpc_moodle.transport.errors import (
    BadResponse,
    CircuitOpen,
    Disconnected,
    HostNotAllowed,
    InvalidCredential,
    InvalidSite,
    QueueFull,
    ServerFault,
    SiteBusy,
    SiteTimeout,
    SiteUnavailable,
    Truncated,
    UnknownIssuer,
    Unproven,
    Unreachable,
    Untrusted,
)
from rpc_moodle.transport.errors import SiteError as MoodleError

__all__ = [
    "AccessDenied",
    "BadResponse",
    "CircuitOpen",
    "Disconnected",
    "HostNotAllowed",
    "InvalidCredential",
    "InvalidSite",
    "InvalidToken",
    "MoodleError",
    "MoodleException",
    "NotFound",
    "QueueFull",
    "ServerFault",
    "SiteBusy",
    "SiteTimeout",
    "SiteUnavailable",
    "Truncated",
    "UnknownIssuer",
    "Unproven",
    "Unreachable",
    "Untrusted",
]


class MoodleException(MoodleError):
    """Moodle answered with an errorcode.

    ``errorcode`` is Moodle's, stable over versions and languages, or empty where Moodle only left
    something out of an answer; ``function`` is the wsfunction, or the path of an endpoint; the text
    is Moodle's own message, in the site's language.
    """

    def __init__(self, message: str, *, function: str, errorcode: str = "") -> None:
        """Take Moodle's message and what it was an answer to."""
        super().__init__(message)
        self.errorcode = errorcode
        self.function = function


class InvalidToken(MoodleException):
    """Moodle does not know the token."""


class AccessDenied(MoodleException):
    """The token or its account may not do this.

    ``accessexception`` has causes that Moodle does not tell apart: the function is not in the token's
    service, the token has expired, it is bound to another IP address (``token.*``), or the account lacks
    ``webservice/rest:use`` (Moodle's source).
    """


class NotFound(MoodleException):
    """There is no such course, assignment, user or file, or the account may not see it."""
