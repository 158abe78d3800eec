"""Moodle's web service protocol without I/O: what a call looks like and what an answer means."""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache
from hashlib import sha256
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote_plus

import msgspec
import orjson
from pydantic import SecretStr, ValidationError

from rpc_moodle.moodle import errors
from rpc_moodle.moodle.reading import Reads
from rpc_moodle.moodle.xml import from_xml
from rpc_moodle.transport.answers import looks_like, plain, retry_after, whither

Value = None | bool | int | float | str | Sequence["Value"] | Mapping[str, "Value"]
"""What a parameter of a Moodle function can be, before it is flattened."""

Params = Mapping[str, Value]
"""The parameters of a call."""

Fields = Sequence[tuple[str, str | SecretStr]]
"""The fields of a form; what is secret is opened where the form is written."""

T = TypeVar("T")

_READ = re.compile(r"_(get|list|search)_")
_TOKEN = re.compile(r"[!-~]{1,256}")
_ERROR_PEEK = 2048  # Moodle writes the keys of an error first
_LONGEST_ERROR = 256 * 1024  # with a stack trace, where a site shows developers' messages
_ERROR_KEYS = msgspec.defstruct("ErrorKeys", [(key, object, None) for key in ("exception", "errorcode", "debuginfo")])
_JSON_STARTS = frozenset(bytes([first]) for first in b'{["ntf-0123456789')

_CAPABILITY = frozenset({"nopermissions", "nopermission", "nopermissiontoviewgrades", "requiredcapability"})
_ENROLMENT = frozenset(
    {
        "errorcoursecontextnotvalid",
        "requireloginerror",
        "notenrolled",
        "notingroup",
        "cannotaccesscourse",
        "coursehidden",
        "activityiscurrentlyhidden",
    }
)
_ACCESS = frozenset({"sitepolicynotagreed", "usernotfullysetup", "forcepasswordchangenotice", "invalidlogin"})
_MISSING = frozenset(
    {
        "invalidrecord",
        "invalidrecordunknown",
        "filenotfound",
        "invaliduser",
        "invaliduserid",
        "invalidcourseid",
        "invalidcoursemodule",
        "invalidcoursemoduleid",
        "cannotfindcourse",
        "unknowncourse",
        "unknowncategory",
        "cannotviewcategory",
    }
)
_NO_RECORD = frozenset({"invalidrecord", "invalidrecordunknown"})
_DOWN = frozenset({"sitemaintenance", "upgraderunning", "enablewsdescription"})
_PASSING = frozenset(
    {
        "dbconnectionfailed",
        "dmlreadexception",
        "dmltransactionexception",
        "dmlwriteexception",
        "ex_unabletolock",
        "locktimeout",
        "sessionwaiterr",
        "storedfilecannotcreatefiledirs",  # two uploads at one moment make the same folder (seen on Moodle 4.5)
    }
)


def is_read(function: str) -> bool:
    """Tell by its name whether a function changes nothing, so that asking twice is harmless.

    ``_view_`` functions write: they set completion and note an event.
    """
    return _READ.search(function) is not None


def check_token(token: SecretStr) -> SecretStr:
    """Refuse a token that no Moodle can have issued, before it reaches a header or a body.

    Raises InvalidCredential.
    """
    if not _TOKEN.fullmatch(token.get_secret_value()):
        raise errors.InvalidCredential(
            "The API key is empty or holds a space, a line break or a character that no token has; copy it again."
        )
    return token


def fingerprint(token: SecretStr) -> bytes:
    """Return what tells a token from others and does not give it away."""
    return sha256(token.get_secret_value().encode("utf-8", "surrogatepass")).digest()


def flatten(params: Params) -> Iterator[tuple[str, str]]:
    """Flatten parameters as PHP reads them: ``a[0][name]=x``; booleans are 0 and 1, None is left out.

    JSON bodies are not read by Moodle (``docs/moodle``, "The call").
    """
    for key, value in params.items():
        yield from _flatten(key, value)


def _flatten(key: str, value: Value) -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, bool):
        yield key, "1" if value else "0"
    elif isinstance(value, int | float):
        yield key, repr(value)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flatten(f"{key}[{name}]", inner)
    else:
        for index, inner in enumerate(value):
            yield from _flatten(f"{key}[{index}]", inner)


def form(token: SecretStr, function: str, params: Params) -> bytes:
    """Write the form of a call: token and function first, since PHP drops fields past max_input_vars.

    This is the one place where a token is opened for a call of a function.
    """
    fields: Fields = [
        ("wstoken", token),
        ("wsfunction", function),
        ("moodlewsrestformat", "json"),
        *flatten(params),
    ]
    return encode(fields)


def file_form(token: SecretStr) -> bytes:
    """Write the form that fetches a file: the token then stands in no access log (``file.ok_post``)."""
    return encode([("token", token)])


def file_upload(token: SecretStr, itemid: int, folder: str = "/") -> Mapping[str, str | SecretStr]:
    """Write the fields that stand before the files of an upload (``upload.ok``); an ``itemid`` of 0 makes one."""
    return {"token": token, "filearea": "draft", "itemid": str(itemid), "filepath": folder}


def encode(fields: Fields) -> bytes:
    """Encode form fields; text that is not valid Unicode (a lone surrogate) becomes U+FFFD."""
    return "&".join([f"{_name(key)}={quote_plus(opened(value))}" for key, value in fields]).encode("ascii")


@lru_cache(maxsize=2000)  # the names of parameters are the same in each call, and longer than most values
def _name(key: str) -> str:
    return quote_plus(key)


def opened(value: str | SecretStr) -> str:
    """Return what is sent of a field's value."""
    text = value.get_secret_value() if isinstance(value, SecretStr) else value
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def answer(function: str, status: int, headers: Mapping[str, str], body: bytes, token: SecretStr) -> bytes:
    """Decide what a site's answer means: give back the JSON, or raise the error that it is.

    The status alone says little: Moodle answers 200 for errors (``users.course.unknown``) and an
    empty 403 where web services are off (``site.rest_disabled``).

    Raises any MoodleError but Unreachable and SiteTimeout.
    """
    if body.lstrip()[:5] == b"<?xml":
        body = from_xml(body.lstrip())  # a blank before the declaration, as a plugin's file may leave, is no XML
    raise_for_error_body(function, body, token)
    if status != HTTPStatus.OK:
        raise_for_status(function, status, headers, body)
    text = body.strip()
    if not text:
        raise errors.BadResponse(f"The site answered {function} with nothing at all.")
    if not may_be_json(text):
        raise errors.BadResponse(f"The site answered {function} with {looks_like(text)} instead of JSON. {CHECK_URL}")
    return body


def may_be_json(body: bytes | bytearray) -> bool:
    """Tell by its first character whether a body can be JSON."""
    return bytes(body[:100]).lstrip()[:1] in _JSON_STARTS


def may_be_data(body: bytes | bytearray) -> bool:
    """Tell by its first characters whether a body can be JSON, or the XML of a site that gives no JSON."""
    return may_be_json(body) or bytes(body[:100]).lstrip()[:5] == b"<?xml"


CHECK_URL = "Check the Moodle URL, and whether a proxy or a login page stands before the site."


def raise_for_error_body(function: str, body: bytes, token: SecretStr) -> None:
    """Raise the MoodleException that a body is, in either of Moodle's two shapes; else do nothing."""
    text = body.lstrip()
    peek = text[:_ERROR_PEEK]
    if text[:1] != b"{" or (b'"exception"' not in peek and b'"errorcode"' not in peek and b'"error"' not in peek):
        return
    if len(text) > _LONGEST_ERROR:
        if _has_error_keys(text):
            raise errors.BadResponse(
                f"The site answered {function} with an error that is too long to be one of Moodle's."
            )
        return  # something in it is named so
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return
    if "exception" in value or "errorcode" in value or ("error" in value and "debuginfo" in value):
        raise exception(function, value, token)


def _has_error_keys(text: bytes) -> bool:
    """Tell whether a long object has the keys of an error, and not only what it holds; all else is passed over."""
    try:
        keys = msgspec.json.decode(text, type=_ERROR_KEYS)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return False
    return any(value is not None for value in msgspec.structs.astuple(keys))


def exception(function: str, value: Mapping[str, object], token: SecretStr) -> errors.MoodleError:
    """Choose the error for Moodle's ``{exception, errorcode, message}`` or ``{error, errorcode, …}``.

    The errorcode alone decides: class names differ between versions and messages are translated.
    """
    errorcode = str(value.get("errorcode") or "unknown")
    message = plain(str(value.get("message") or value.get("error") or "no message"), token)
    if errorcode in _DOWN:
        return errors.SiteUnavailable(f"The Moodle site is not available at the moment: {message}")
    if errorcode in _PASSING:
        return errors.PassingFault(f"The Moodle site failed, and may not the next time: {message} ({errorcode})")
    if errorcode in _NO_RECORD and "external_functions" in message:
        return errors.UnknownFunction(message, errorcode=errorcode, function=function)
    kind = next((kind for codes, kind in _KINDS if errorcode in codes), errors.MoodleException)
    return kind(message, errorcode=plain(errorcode, token), function=function)


_KINDS: tuple[tuple[AbstractSet[str], type[errors.MoodleException]], ...] = (
    (frozenset({"invalidtoken"}), errors.InvalidToken),
    (frozenset({"accessexception"}), errors.FunctionDenied),
    (_CAPABILITY, errors.CapabilityDenied),
    (_ENROLMENT, errors.EnrolmentDenied),
    (_ACCESS, errors.AccessDenied),
    (_MISSING, errors.NotFound),
)


def raise_for_status(function: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
    """Raise for an answer that is not 200 and holds no error of Moodle's own."""
    wait = retry_after(headers)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise errors.SiteBusy("The site answers 429: too many requests. Try again later.", retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise errors.ServerFault(
            f"The site answers {status}: it is in maintenance or has a fault. Try again later.", retry_after=wait
        )
    if status in {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}:
        raise errors.PassingFault(f"The site answers {status}: it asks to be asked again.", retry_after=wait)
    if status == HTTPStatus.FORBIDDEN and not body.strip():  # ``site.rest_disabled``
        raise errors.SiteUnavailable(
            "The site refuses web services: an administrator has to enable web services and the REST protocol."
        )
    if status in {301, 302, 303, 307, 308}:
        raise errors.BadResponse(f"The site redirects {function}{whither(headers)}; use the address it redirects to.")
    if status == HTTPStatus.UNAUTHORIZED:  # HTTP authentication, which no Moodle asks for
        raise errors.BadResponse("A server before the Moodle site asks for an HTTP login (401).")
    raise errors.BadResponse(f"The address answers {status} to {function}: it is no Moodle web service. {CHECK_URL}")


def read(function: str, body: bytes, into: Reads[T], language: str | None = None) -> T:
    """Read a typed answer straight from the bytes; names that are cleaned on the way in come in that language.

    Raises BadResponse, naming the place of the first value that does not fit, never the value.
    """
    try:
        return into.validate_json(body, context=language)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole answer"
        raise errors.BadResponse(
            f"The answer to {function} is not what Moodle gives: {place}: {first['msg']}."
        ) from None
