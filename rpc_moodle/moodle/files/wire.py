"""Fetching a file without I/O: what to ask, what an answer's headers mean, which errors come in disguise."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn

from pydantic import SecretStr

from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.files.url import SCRIPT
from rpc_moodle.transport.answers import looks_like

MAX_ERROR = 64 * 1024
"""Bytes of an answer that are read to find out why it is no file."""

_SHA1 = re.compile(r'(?:W/)?"([0-9a-f]{40})(?:[-;]\w+)?"')  # a compressing proxy weakens it or adds -gzip
_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_ONE_RANGE = re.compile(r"bytes=(?:\d{1,18}-\d{0,18}|-\d{1,18})")


@dataclass(frozen=True)
class Head:
    """What an answer's headers say of a file.

    ``sha1`` is the content's, from the ETag, in hex; None where the web server serves files itself and makes ETags of
    its own. ``size`` is the whole file's in bytes, ``start`` the first byte that comes, ``length`` how many come;
    None where the site does not say. ``partial`` is a 206, ``unchanged`` a 304: then nothing comes.
    """

    etag: str
    sha1: str | None
    mimetype: str = "application/octet-stream"
    modified: str = ""
    size: int | None = None
    start: int = 0
    length: int | None = None
    ranges: bool = False
    partial: bool = False
    unchanged: bool = False


def etag_of(sha1: str) -> str:
    """Write the ETag that Moodle gives a stored file: the SHA-1 of its content in quotes (``file.ok_post``)."""
    return f'"{sha1}"'


def one_range(header: str | None) -> str | None:
    """Give a Range header back if it asks for one range of bytes, else None: a server may ignore any Range."""
    text = (header or "").strip()
    return text if _ONE_RANGE.fullmatch(text) else None


def ask(*, byte_range: str | None = None, if_none_match: str | None = None) -> dict[str, str]:
    """Write the headers of a request for a file; never compressed, since then its length would not be known."""
    headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
    if byte_range:
        headers["Range"] = byte_range
    if if_none_match:
        headers["If-None-Match"] = if_none_match
    return headers


def head(status: int, headers: Mapping[str, str]) -> Head | None:
    """Read the headers of an answer; None when it is no file: then ``refuse`` says what it is.

    Every stored file has an ETag and no error has (``file.ok_post``, ``file.bad_token``), so a submitted
    ``.json`` or ``.html`` is told from an error by it. An ETag that is no SHA-1 is taken for a file's only
    beside a name and a length, as a web server sends them to which Moodle leaves the sending.
    """
    etag = headers.get("ETag", "").strip()
    found = _SHA1.fullmatch(etag)
    sha1 = found[1] if found else None
    modified = headers.get("Last-Modified", "")
    if status == HTTPStatus.NOT_MODIFIED:
        return Head(etag, sha1, modified=modified, unchanged=True)
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT} or not etag:
        return None
    encoded = headers.get("Content-Encoding", "identity") != "identity"
    stated = headers.get("Content-Length", "")
    length = int(stated) if stated.isdecimal() and not encoded else None
    if sha1 is None and (length is None or "Content-Disposition" not in headers):
        return None
    start, size = 0, length
    partial = status == HTTPStatus.PARTIAL_CONTENT
    if partial:
        part = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
        if part is None or encoded:
            return None
        start, size = int(part[1]), int(part[3])
        length = int(part[2]) - start + 1
    return Head(
        etag=etag,
        sha1=sha1,
        mimetype=headers.get("Content-Type", "") or "application/octet-stream",
        modified=modified,
        size=size,
        start=start,
        length=length,
        ranges=partial or headers.get("Accept-Ranges", "") == "bytes",
        partial=partial,
    )


def refuse(status: int, headers: Mapping[str, str], body: bytes, token: SecretStr) -> NoReturn:
    """Raise the error that an answer is which is no file: JSON with 200, a redirect, a login page, a proxy's HTML."""
    wire.raise_for_error_body(SCRIPT, body, token)
    if "/login/" in headers.get("Location", ""):  # ``file.plain_pluginfile``
        raise errors.BadResponse("The site leads to its login page instead of the file.")
    if status not in {HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT}:
        wire.raise_for_status(SCRIPT, status, headers, body)
    what = looks_like(body) if body.strip() else "nothing at all"
    raise errors.BadResponse(f"The site answered with {what} that it does not mark as a stored file. {wire.CHECK_URL}")
