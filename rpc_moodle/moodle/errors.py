"""Everything that can go wrong with a Moodle site: the transport's errors, and what Moodle itself refuses.

::

    MoodleError                the transport's SiteError, whose tree stands in ``rpc_moodle.transport.errors``
    ├── InvalidSite, InvalidCredential, HostNotAllowed, Unreachable, SiteTimeout, BadResponse, SiteUnavailable …
    ├── InvalidArgument        what was asked for must not be sent
    └── MoodleException        Moodle answered with an errorcode
        ├── InvalidToken       Moodle does not know the token
        ├── AccessDenied       the token or its account may not do this
        │   ├── FunctionDenied     the function is not for this token
        │   ├── CapabilityDenied   the account lacks a right
        │   └── EnrolmentDenied    the account may not enter the course
        ├── NotDone            Moodle answered with a warning and has done nothing
        └── NotFound           course, assignment, user or file
            └── UnknownFunction  the site has no such function

No text of any of them holds a token or a URL's query.
"""

from rpc_moodle.transport.errors import (
    AnswerTooLarge,
    BadResponse,
    CircuitOpen,
    Disconnected,
    HostNotAllowed,
    InvalidCredential,
    InvalidSite,
    OverBudget,
    PassingFault,
    PlainHttp,
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
    "AnswerTooLarge",
    "BadResponse",
    "CapabilityDenied",
    "CircuitOpen",
    "Disconnected",
    "EnrolmentDenied",
    "FunctionDenied",
    "HostNotAllowed",
    "InvalidArgument",
    "InvalidCredential",
    "InvalidSite",
    "InvalidToken",
    "MoodleError",
    "MoodleException",
    "NotDone",
    "NotFound",
    "OverBudget",
    "PassingFault",
    "PlainHttp",
    "QueueFull",
    "ServerFault",
    "SiteBusy",
    "SiteTimeout",
    "SiteUnavailable",
    "Truncated",
    "UnknownFunction",
    "UnknownIssuer",
    "Unproven",
    "Unreachable",
    "Untrusted",
]


class InvalidArgument(MoodleError, ValueError):
    """What was asked for is no sensible question, or one that Moodle would misread; nothing was sent."""


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
    """The token or its account may not do this."""


class FunctionDenied(AccessDenied):
    """The function is not for this token: ``accessexception``.

    It has causes that Moodle does not tell apart: the function is not in the token's service, the token has
    expired, it is bound to another IP address (``token.*``), or the account lacks ``webservice/rest:use``
    (Moodle's source).
    """


class CapabilityDenied(AccessDenied):
    """The account lacks a right in Moodle, which the text names."""


class EnrolmentDenied(AccessDenied):
    """The account may not enter the course: not enrolled, or the course or activity is hidden from it."""


class NotDone(MoodleException):
    """Moodle answered 200 with a warning and has done nothing; ``errorcode`` is the warning's code."""


class NotFound(MoodleException):
    """There is no such course, assignment, user or file, or the account may not see it."""


class UnknownFunction(NotFound):
    """The site has no such function: its Moodle is too old, or a plugin is not installed (``saylor.missing``)."""
