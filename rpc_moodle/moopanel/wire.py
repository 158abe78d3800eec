"""The MooPanel plugin's protocol without I/O: what a request looks like and what an answer means."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar
from urllib.parse import quote

import orjson
from pydantic import SecretStr, TypeAdapter, ValidationError
from yarl import URL

from rpc_moodle.moopanel import errors
from rpc_moodle.moopanel.secrets import without_secrets
from rpc_moodle.transport.address import endpoint as address
from rpc_moodle.transport.answers import looks_like, plain, retry_after, whither

SCRIPT = "local/moopanel/server.php"

T = TypeVar("T")
Params = Mapping[str, str | int | bool | None]
"""A query: True is a flag without a value, None and False are left out."""

_KEY = re.compile(r"[!-~]{1,256}")
_MISSING = re.compile(r"not (found|exist)|has no available", re.IGNORECASE)
_FAULT = 555
_REFUSALS: Mapping[int, type[errors.PanelRefusal]] = {
    400: errors.Refused,
    401: errors.InvalidKey,
    403: errors.NotConfirmed,
    404: errors.NotOffered,
    405: errors.NotOffered,
    501: errors.NotOffered,
    _FAULT: errors.PluginFault,
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it goes over HTTP; its headers hold the key."""

    method: str
    url: URL
    headers: dict[str, str]
    body: bytes | None


def check_key(key: SecretStr) -> SecretStr:
    """Refuse a key that cannot stand in a header; raises InvalidCredential."""
    if not _KEY.fullmatch(key.get_secret_value()):
        raise errors.InvalidCredential(
            "The API key is empty or holds a space, a line break or a character that no key has; copy it again."
        )
    return key


def request(  # noqa: PLR0913, PLR0917 - what a request is made of
    site: URL,
    key: SecretStr,
    method: str,
    endpoint: str,
    params: Params | None = None,
    data: Mapping[str, object] | None = None,
) -> Request:
    """Write a request; ``data`` goes into the wrapper that the plugin reads (``backups_post_nodatawrap``).

    A wrapper is sent with every POST, PUT and DELETE: without one the plugin fails (``api_key_status_post_nobody``).
    """
    query = "&".join(_pair(name, value) for name, value in (params or {}).items() if value is not None)
    url = URL(f"{address(site, f'{SCRIPT}/{endpoint}')}" + (f"?{query}" if query else ""), encoded=True)
    headers = {"X-API-KEY": key.get_secret_value(), "Accept": "application/json"}
    if method == "GET":
        return Request(method, url, headers, None)
    body = orjson.dumps({"data": data or {}})
    return Request(method, url, {**headers, "Content-Type": "application/json"}, body)


def _pair(name: str, value: str | int | bool) -> str:  # noqa: FBT001 - a value, not a switch
    if value is True:
        return name
    return f"{name}={quote(str(value).encode('utf-8', 'replace'), safe=',@')}"


def answer(endpoint: str, status: int, headers: Mapping[str, str], body: bytes, key: SecretStr) -> bytes:
    """Decide what an answer means: give back the JSON, or raise the error that it is.

    Raises any MooPanelError but Unreachable and SiteTimeout.
    """
    if status in {HTTPStatus.OK, HTTPStatus.CREATED}:
        if not may_be_object(body):
            what = looks_like(body) if body.strip() else "nothing at all"
            raise errors.BadResponse(f"The site answered {endpoint} with {what} instead of JSON. {_CHECK}")
        return body
    said = _said(body)
    if said is None and status in {HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED} and not body.strip():
        said = {}  # ``dashboard_head``
    if said is not None and status != HTTPStatus.TOO_MANY_REQUESTS:
        raise _refusal(endpoint, status, headers, said, key)
    raise _foreign(endpoint, status, headers, body)


def may_be_object(body: bytes | bytearray) -> bool:
    """Tell by its first character whether a body can be a JSON object, which all answers of the plugin are."""
    return bytes(body[:100]).lstrip()[:1] == b"{"


def _said(body: bytes) -> dict[str, object] | None:
    """Read the object that the plugin refuses with; None where it is none."""
    if not may_be_object(body):
        return None
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def _refusal(
    endpoint: str, status: int, headers: Mapping[str, str], said: Mapping[str, object], key: SecretStr
) -> errors.MooPanelError:
    """Choose the error for ``{error}`` or, with 555, ``{code, message, file, line, trace}``, which stay here."""
    message = plain(str(said.get("error") or said.get("message") or f"status {status}"), key)
    if status == HTTPStatus.LOCKED:
        return errors.SiteUnavailable(f"The MooPanel plugin of the site is switched off: {message}")
    kind = _REFUSALS.get(status)
    if kind is None and status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return errors.ServerFault(f"The MooPanel plugin is not available: {message}", retry_after=retry_after(headers))
    if kind is errors.Refused and _MISSING.search(message):
        kind = errors.NotFound
    return (kind or errors.PanelRefusal)(message, endpoint=endpoint, status=status)


def _foreign(endpoint: str, status: int, headers: Mapping[str, str], body: bytes) -> errors.MooPanelError:
    """Choose the error for an answer that is not the plugin's: a server's before it, or Moodle's error page."""
    wait = retry_after(headers)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return errors.SiteBusy("The site answers 429: too many requests. Try again later.", retry_after=wait)
    if status == HTTPStatus.NOT_FOUND and b"<title>Error |" in body[:4096]:
        return errors.PluginFault(
            f"The MooPanel plugin failed at {endpoint} and showed an error page.", endpoint=endpoint, status=status
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        text = f"The site answers {status}: it is in maintenance or has a fault. Try again later."
        return errors.ServerFault(text, retry_after=wait)
    if status in {301, 302, 303, 307, 308}:
        return errors.BadResponse(f"The site redirects {endpoint}{whither(headers)}; use the address it redirects to.")
    return errors.BadResponse(f"The address answers {status} to {endpoint}: it has no MooPanel plugin. {_CHECK}")


_CHECK = "Check the Moodle URL, and whether the plugin local_moopanel is installed there."


def read(endpoint: str, body: bytes, into: TypeAdapter[T], key: SecretStr) -> T:
    """Read a typed answer, its texts without the key and without password hashes.

    Raises BadResponse, naming the place of the first value that does not fit, never the value.
    """
    try:
        return without_secrets(into.validate_json(body), key)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole answer"
        raise errors.BadResponse(
            f"The answer to {endpoint} is not what MooPanel gives: {place}: {first['msg']}."
        ) from None
