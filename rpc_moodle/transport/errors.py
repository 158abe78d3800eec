"""Everything that can go wrong between this service and a site, before the site's own words count.

::

    SiteError
    ├── InvalidSite            the URL cannot be a site
    ├── InvalidCredential      the token cannot be one
    ├── HostNotAllowed         the operator allows no connection to the address
    │   └── PlainHttp          nor to any site over http://
    ├── Unreachable            DNS, connection
    │   ├── Untrusted          TLS
    │   │   └── UnknownIssuer  a certificate that nobody known has issued
    │   └── Disconnected       the connection broke before an answer came
    ├── SiteTimeout            no answer in time
    ├── BadResponse            neither JSON nor a file
    │   ├── Truncated          the answer broke off
    │   ├── AnswerTooLarge     more bytes, rows or pages came than one call may have
    │   └── Unproven           a file came that is not the one announced
    └── SiteUnavailable        maintenance, web services off
        ├── ServerFault        5xx
        ├── PassingFault       the site says that it failed in a way that passes
        ├── CircuitOpen        the last requests failed; not asked again for a while
        └── SiteBusy           429
            └── QueueFull      too many of this service's own requests wait for the site
                └── OverBudget too many connections or lookups of a caller's, or of all

No text of any of them holds a token or a URL's query.
"""


class SiteError(Exception):
    """The root of all errors of this package; its text is a sentence for a person."""


class InvalidSite(SiteError, ValueError):
    """The given URL cannot be the address of a Moodle site."""


class InvalidCredential(SiteError, ValueError):
    """The given token cannot be a Moodle token: empty, or with characters that no token has."""


class HostNotAllowed(SiteError):
    """The address is one that the operator of the service does not let it connect to."""


class PlainHttp(HostNotAllowed):
    """The site is to be called over ``http://``, which the operator of the service does not allow."""


class Unreachable(SiteError):
    """No connection: the name does not resolve or nothing listens; nothing was sent."""


class Untrusted(Unreachable):
    """TLS fails: the certificate is not one for this host, or not valid; nothing was sent."""


class UnknownIssuer(Untrusted):
    """The certificate is self-signed, or of an authority that is not among those trusted; nothing was sent."""


class Disconnected(Unreachable):
    """The connection broke before an answer came; what was sent may have been done."""


class SiteTimeout(SiteError):
    """The site accepted the request and did not answer in time."""


class BadResponse(SiteError):
    """The answer is neither JSON nor a file: a login page, a proxy's HTML, truncated data."""


class Truncated(BadResponse):
    """The answer broke off in its middle."""


class AnswerTooLarge(BadResponse):
    """The answer has more bytes, rows or pages than one call may have."""


class Unproven(BadResponse):
    """What came is not the file that the site announced: truncated, corrupted, or changed on the way."""


class SiteUnavailable(SiteError):
    """The site is in maintenance, its web services are off, or it answered 5xx."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep the seconds of the answer's Retry-After, if it had one."""
        super().__init__(message)
        self.retry_after = retry_after


class ServerFault(SiteUnavailable):
    """The site, or a proxy before it, answered 5xx; what was sent may have been done."""


class PassingFault(SiteUnavailable):
    """The site says itself that it failed in a way that passes: its database, a lock, 408.

    What was sent may have been done, yet it is an answer: it does not count against the site.
    """


class CircuitOpen(SiteUnavailable):
    """The last requests to the site failed, so that it is left alone for a while; nothing was sent."""


class SiteBusy(SiteUnavailable):
    """The site, or a proxy before it, answered 429; nothing was done."""


class QueueFull(SiteBusy):
    """Too many of this service's own requests wait for the site already; nothing was sent."""


class OverBudget(QueueFull):
    """Too many connections or lookups run already, of this caller or of all together; nothing was sent."""
