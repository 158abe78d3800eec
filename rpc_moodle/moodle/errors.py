"""Everything that can go wrong between this library and a Moodle site.

::

    MoodleError
    ├── InvalidSite            the URL cannot be a Moodle site
    ├── InvalidCredential      the token cannot be a Moodle token
    ├── HostNotAllowed         the operator allows no connection to the address
    ├── Unreachable            DNS, connection
    │   ├── Untrusted          TLS
    │   └── Disconnected       the connection broke before an answer came
    ├── SiteTimeout            no answer in time
    ├── BadResponse            neither JSON nor a file
    │   ├── Truncated          the answer broke off
    │   └── Unproven           a file came that is not the one announced
    ├── SiteUnavailable        maintenance, web services off
    │   ├── ServerFault        5xx
    │   ├── CircuitOpen        the last requests failed; not asked again for a while
    │   └── SiteBusy           429
    │       └── QueueFull      too many of this service's own requests wait for the site
    └── MoodleException        Moodle answered with an errorcode
        ├── InvalidToken       Moodle does not know the token
        ├── AccessDenied       function, token restriction or capability
        └── NotFound           course, assignment, user or file

No text of any of them holds a token or a URL's query.
"""


class MoodleError(Exception):
    """The root of all errors of this package; its text is a sentence for a person."""


class InvalidSite(MoodleError, ValueError):
    """The given URL cannot be the address of a Moodle site."""


class InvalidCredential(MoodleError, ValueError):
    """The given token cannot be a Moodle token: empty, or with characters that no token has."""


class HostNotAllowed(MoodleError):
    """The address is one that the operator of the service does not let it connect to."""


class Unreachable(MoodleError):
    """No connection: the name does not resolve or nothing listens; nothing was sent."""


class Untrusted(Unreachable):
    """TLS fails: the certificate is not one for this host, or not valid; nothing was sent."""


class Disconnected(Unreachable):
    """The connection broke before an answer came; what was sent may have been done."""


class SiteTimeout(MoodleError):
    """The site accepted the request and did not answer in time."""


class BadResponse(MoodleError):
    """The answer is neither JSON nor a file: a login page, a proxy's HTML, truncated data."""


class Truncated(BadResponse):
    """The answer broke off in its middle."""


class Unproven(BadResponse):
    """What came is not the file that the site announced: truncated, corrupted, or changed on the way."""


class SiteUnavailable(MoodleError):
    """The site is in maintenance, its web services are off, or it answered 5xx."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep the seconds of the answer's Retry-After, if it had one."""
        super().__init__(message)
        self.retry_after = retry_after


class ServerFault(SiteUnavailable):
    """The site, or a proxy before it, answered 5xx; what was sent may have been done."""


class CircuitOpen(SiteUnavailable):
    """The last requests to the site failed, so that it is left alone for a while; nothing was sent."""


class SiteBusy(SiteUnavailable):
    """The site, or a proxy before it, answered 429; nothing was done."""


class QueueFull(SiteBusy):
    """Too many of this service's own requests wait for the site already; nothing was sent."""


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
