"""The address of a stored file, in any of the forms in which Moodle and callers write it."""

import re
from urllib.parse import unquote

from yarl import URL

from rpc_moodle.moodle.errors import InvalidSite
from rpc_moodle.transport.address import http_url, leaves

SCRIPT = "webservice/pluginfile.php"
"""The script that serves files to tokens; without ``webservice/`` it wants a login (``file.plain_pluginfile``)."""

_PATH = re.compile(r"(?P<root>(?:/[^/]+)*?)/(?:webservice/)?pluginfile\.php(?P<file>/.+)?")
_WRITTEN_WELL = re.compile(r"(?:[A-Za-z0-9_.~!$'()*+,;=:@/-]|%[0-9A-F]{2})+")
_SECRETS = ("ticket", "token", "wstoken")
MAX_LENGTH = 8000
"""Characters that a file URL may have."""


def file_url(pasted: str) -> URL:
    """Read the address of a file from what a caller sent: ``…/webservice/pluginfile.php/…``, its query kept.

    ``…/pluginfile.php/…``, the address that a browser shows, names the same file; ``?file=/…`` is how a
    site without slash arguments writes it.

    Raises InvalidSite when the text is no such address; the message never repeats the text.
    """
    url = http_url(pasted, "The file URL", longest=MAX_LENGTH, forbidden=r"[\x00-\x1f\x7f\\]")
    found = _PATH.fullmatch(url.raw_path)
    in_query = url.query.get("file", "") if url.raw_query_string else ""
    if found is None or not (found["file"] or in_query.startswith("/")):
        raise InvalidSite("The URL names no file of Moodle; take the fileurl of a submission.")
    if in_query and leaves(in_query):
        raise InvalidSite("The file URL has a path that leads elsewhere when it is decoded.")
    if "?" in pasted and any(_is_disguised(part.partition("=")[0]) for part in pasted.partition("?")[2].split("&")):
        raise InvalidSite("The file URL spells a token in a way that no Moodle does.")
    path = f"{found['root']}/{SCRIPT}{found['file'] or ''}"
    return url.with_path(path, encoded=True, keep_query=True).with_fragment(None)


def _is_disguised(name: str) -> bool:
    """Tell whether the name of a parameter, escaped, is that of a secret to PHP without being so to the eye."""
    return name not in _SECRETS and unquote(unquote(name)).strip().partition("[")[0].lower() in _SECRETS


def file_of(fileurl: str, site: URL) -> URL:
    """Read the address of a file that a site lists, without what lets somebody in.

    Raises InvalidSite when it is none, or not one of the site itself: no key of the site is sent there.
    """
    start = f"{str(site).rstrip('/')}/{SCRIPT}/"
    # A listing has thousands of these, of which nothing but the path has to be looked at.
    if fileurl.startswith(start) and len(fileurl) <= MAX_LENGTH and _WRITTEN_WELL.fullmatch(fileurl, len(start)):
        if leaves(fileurl.removeprefix(start)):
            raise InvalidSite("The file URL has a path that leads elsewhere when it is decoded.")
        return URL(fileurl, encoded=True)
    url = bare(file_url(fileurl))
    if not is_of(url, site):
        raise InvalidSite(
            "The site lists this file at another scheme, host, port or path than its own, where its key is not sent."
        )
    return url


def site_of(url: URL) -> URL:
    """Give the root URL of the site whose file this is; for a URL that ``file_url`` gave."""
    root = url.raw_path.partition(f"/{SCRIPT}")[0]
    return url.with_path(root, encoded=True).with_query(None)


def is_of(url: URL, site: URL) -> bool:
    """Tell whether a file is of the site with that root URL; for a URL that ``file_url`` gave."""
    root = url.raw_path.partition(f"/{SCRIPT}")[0]
    return (url.scheme, url.raw_host, url.port, root) == (
        site.scheme,
        site.raw_host,
        site.port,
        site.raw_path.rstrip("/"),
    )


def bare(url: URL) -> URL:
    """Take out of a file URL what lets somebody in: a token, or a ticket of the service."""
    return url.without_query_params(*_SECRETS) if url.raw_query_string else url


def file_name(url: URL) -> str:
    """Give the name of a file as Moodle shows it, any Unicode (``file.names.*``); for a URL that ``file_url`` gave.

    The header Content-Disposition says the same in raw UTF-8, which HTTP libraries read in as many ways.
    """
    _, _, in_path = url.raw_path.partition(f"/{SCRIPT}")
    whole = unquote(in_path) if in_path else url.query.get("file", "")
    return whole.rpartition("/")[2] or "file"
