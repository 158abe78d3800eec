"""From what Moodle did to what the caller reads: the one table of Moodle errors and RPC codes."""

import re

from rpc_moodle.moodle import errors as moodle
from rpc_moodle.moodle.files import url as files
from rpc_moodle.moodle.rights import rights
from rpc_moodle.moopanel import errors as moopanel
from utils.errors import INVALID_REQUEST, RATE_LIMITED, TIMEOUT, TOO_LARGE, ErrorCode, RpcError

INVALID_TOKEN = ErrorCode("invalid_token", retryable=False, when="Moodle does not know the token.")
ACCESS_DENIED = ErrorCode(
    "access_denied",
    retryable=False,
    when="The function is not in the token's service, the token is expired or IP-bound, or a capability is missing; "
    "says what to check in Moodle.",
)
NOT_FOUND = ErrorCode("not_found", retryable=False, when="No such course, assignment, user or file.")
HOST_NOT_ALLOWED = ErrorCode("host_not_allowed", retryable=False, when="The URL is outside what the operator allows.")
UNREACHABLE = ErrorCode("unreachable", retryable=True, when="No connection: DNS, TCP or TLS failed.")
SITE_UNAVAILABLE = ErrorCode("site_unavailable", retryable=True, when="Maintenance, web services off, or 5xx.")
BAD_RESPONSE = ErrorCode(
    "bad_response",
    retryable=False,
    when="Neither JSON nor a file came: a redirect, a login page, a proxy's HTML. Where an answer broke off, "
    "`retryable` is true.",
)
MOODLE_ERROR = ErrorCode(
    "moodle_error",
    retryable=False,
    when="Any other Moodle errorcode; `details.errorcode`, `details.function`.",
)

CODES = (
    INVALID_TOKEN,
    ACCESS_DENIED,
    NOT_FOUND,
    HOST_NOT_ALLOWED,
    UNREACHABLE,
    SITE_UNAVAILABLE,
    BAD_RESPONSE,
    MOODLE_ERROR,
)

# A class comes before its base classes: the first that fits decides.
TABLE: tuple[tuple[type[moodle.MoodleError], ErrorCode], ...] = (
    (moodle.InvalidSite, INVALID_REQUEST),
    (moodle.InvalidCredential, INVALID_REQUEST),
    (moodle.InvalidArgument, INVALID_REQUEST),
    (moodle.HostNotAllowed, HOST_NOT_ALLOWED),
    (moodle.Unreachable, UNREACHABLE),
    (moodle.SiteTimeout, TIMEOUT),
    (moodle.AnswerTooLarge, TOO_LARGE),
    (moodle.BadResponse, BAD_RESPONSE),
    (moodle.SiteBusy, RATE_LIMITED),
    (moodle.SiteUnavailable, SITE_UNAVAILABLE),
    (moodle.InvalidToken, INVALID_TOKEN),
    (moodle.AccessDenied, ACCESS_DENIED),
    (moodle.NotFound, NOT_FOUND),
    (moodle.MoodleException, MOODLE_ERROR),
    (moopanel.InvalidKey, INVALID_TOKEN),
    (moopanel.NotConfirmed, ACCESS_DENIED),
    (moopanel.NotFound, NOT_FOUND),
    (moopanel.Refused, INVALID_REQUEST),
    (moopanel.PanelRefusal, MOODLE_ERROR),
    (moodle.MoodleError, BAD_RESPONSE),
)

_FILES = (
    'Moodle does not let this API key fetch files. Where it may list them, the box "Can download files" of its web '
    "service is not ticked: Site administration > Server > Web services > External services > Edit > Show more. "
    "Otherwise the key has expired, or is bound to another IP address."
)
_ACCESS_EXCEPTION = (
    "Moodle does not let this API key call {function}. Moodle does not tell which of four causes it is: the function "
    "is not in the key's web service, the key has expired, the key is bound to another IP address, or its account "
    "lacks the right webservice/rest:use. Check them in Moodle under Server > Web services."
)


def translate(error: Exception) -> RpcError | None:
    """Turn an error of the Moodle adapter into the RpcError that the caller gets; None for any other exception."""
    if not isinstance(error, moodle.MoodleError):
        return None
    code = next(code for kind, code in TABLE if isinstance(error, kind))
    passing = isinstance(error, (moodle.Truncated, moodle.Unproven))
    return RpcError(code, sentence(error), details=_details(error), retryable=code.retryable or passing)


def sentence(error: moodle.MoodleError) -> str:  # noqa: C901, PLR0911, PLR0912 - a table reads best as one
    """Say what went wrong so that a person can act on it, without a token, a URL's query or a stack trace."""
    match error:
        case moodle.PlainHttp():
            return f"{error} Use its https:// address, or its operator sets RPC_MOODLE_ALLOW_HTTP."
        case moodle.HostNotAllowed():
            return f"{error} Its operator can allow it with RPC_MOODLE_ALLOWED_HOSTS or RPC_MOODLE_ALLOW_PRIVATE."
        case moodle.UnknownIssuer():
            return f"{error} The service's operator can have it trusted with RPC_MOODLE_CA_FILE."
        case moodle.InvalidToken():
            return "Moodle does not know this API key: it was mistyped, deleted, has expired, or is another site's."
        case moodle.AccessDenied(errorcode="accessexception", function=files.SCRIPT):
            return _FILES
        case moodle.FunctionDenied():
            return _ACCESS_EXCEPTION.format(function=error.function)
        case moodle.CapabilityDenied(errorcode=str(code)) if code:
            return f"The account of the API key lacks a right in Moodle: {error}{_rights(error.function)}"
        case moodle.AccessDenied(errorcode="") if not isinstance(error, moodle.EnrolmentDenied):
            return f"{error}{_rights(error.function)}"
        case moodle.UnknownFunction():
            return (
                f"This site has no function {error.function}: its Moodle is older than the function, or the plugin "
                "that brings it is not installed."
            )
        case moodle.NotDone():
            return f"Moodle has not done it: {error} ({error.function})"
        case moodle.MoodleException() if error.errorcode:
            return f"Moodle refused {error.function}: {str(error).rstrip('.')} ({error.errorcode})."
        case moopanel.InvalidKey():
            return f"The MooPanel plugin refuses the API key, which is not the one in its settings there: {error}"
        case moopanel.NotFound():
            return f"The MooPanel plugin found nothing for {error.endpoint}: {error}"
        case moopanel.PanelRefusal():
            return f"The MooPanel plugin refused {error.endpoint}: {error} ({error.status})"
        case moodle.SiteUnavailable() | moodle.SiteTimeout() | moodle.Disconnected() | moodle.Truncated():
            return _hopeful(str(error))
        case _:
            return str(error)


def _rights(function: str) -> str:
    """Name the capabilities that a function always asks for, as Moodle's pages about roles name them."""
    asked = [f"{each.capability} in the {each.where}" for each in rights(function) if not each.only_for]
    return f" {function} asks for {' and '.join(asked)}." if asked else ""


def _hopeful(text: str) -> str:
    """Tell a person that calling again helps, unless the text says when or who else can help."""
    known = re.search(r"\bagain\b|\badministrator\b", text, re.IGNORECASE)
    return text if known else f"{text.rstrip('.')}. Call again in a moment."


def _details(error: moodle.MoodleError) -> dict[str, object]:
    match error:
        case moodle.MoodleException():
            return {"errorcode": error.errorcode, "function": error.function}
        case moopanel.PanelRefusal():
            return {"errorcode": str(error.status), "function": error.endpoint}
        case moodle.SiteUnavailable(retry_after=float(seconds)):
            return {"retryAfter": seconds}
        case _:
            return {}
