"""The address of a Moodle site, whatever a person pasted for it."""

import re
from functools import lru_cache
from urllib.parse import quote, unquote

from yarl import URL

from rpc_moodle.transport.errors import InvalidSite

# What Moodle serves below its root: pasting the address of one of these names the site before it.
_KNOWN_PATH = re.compile(
    r"/(webservice(/.*)?|my/?|index\.php|(login|course|mod|my|user|admin|grade|enrol)/[\w/]+\.php)$"
)
_HOST = r"[A-Za-z0-9_.-]+|(?=.*:)[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?"  # a name in ASCII, or an IPv6 address
_AROUND_PATH = re.compile(r"^([A-Za-z]*://)?[^/?#]*|[?#].*", re.DOTALL)
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_MAX_LENGTH = 2000
_ELSEWHERE = re.compile(r"(?:^|/)\.\.?(?:/|$)|[\x00\\]")
_LONGEST_NAME = 254
_DECODED = 4  # times that a server and what stands before it might decode a path


@lru_cache(maxsize=1000)  # a call reads its site's twice, most calls the same; what is refused is not kept
def site_url(pasted: str) -> URL:
    """Read the root URL of a Moodle site from what a person pasted.

    Spaces around it, trailing slashes, a missing scheme (https), a query, and the path of a page or
    of ``/webservice/rest/server.php`` all name the same site.

    Raises InvalidSite when the text cannot be an http(s) URL; the message never repeats the text,
    which may hold a password.
    """
    url = http_url(pasted, "The Moodle URL", longest=_MAX_LENGTH, forbidden=r"[\s\x00-\x1f\x7f\\]")
    path = _KNOWN_PATH.sub("", url.path).rstrip("/")
    return url.with_path(quote(path, safe="/"), encoded=True).with_query(None).with_fragment(None)


def http_url(pasted: str, name: str, *, longest: int, forbidden: str) -> URL:
    """Read an http(s) URL with a host and without a password from what a person pasted; https where no scheme stands.

    ``name`` is what a message calls it, ``longest`` its characters at the most, ``forbidden`` a pattern of
    characters that it may not have. Raises InvalidSite; the message never repeats the text.
    """
    text = pasted.strip()
    if not text:
        raise InvalidSite(f"{name} is empty.")
    if len(text) > longest:
        raise InvalidSite(f"{name} is longer than {longest} characters.")
    if re.search(forbidden, text):
        raise InvalidSite(f"{name} holds a space, a backslash or a control character that it must not have.")
    try:
        url = URL(text if "://" in text else f"https://{text}")
        host, port = url.host and url.raw_host, url.port  # reading the host finds what is no IDNA
    except ValueError:
        raise InvalidSite(f"{name} cannot be read; it begins like https://moodle.example.edu.") from None
    if url.scheme not in {"http", "https"}:
        raise InvalidSite(f"{name} must start with https:// or http://.")
    if not host or port is None or not _is_host(host):
        raise InvalidSite(f"{name} names no host; it begins like https://moodle.example.edu.")
    if url.user is not None or url.password is not None:
        raise InvalidSite(f"{name} must not carry a user name or a password.")
    if leaves(_AROUND_PATH.sub("", text)):  # as pasted: what has been read as a URL is normalised
        raise InvalidSite(f"{name} has a path that leads elsewhere when it is decoded.")
    return url


def _is_host(host: str) -> bool:
    if not re.fullmatch(_HOST, host):
        return False
    return ":" in host or (
        len(host) <= _LONGEST_NAME and all(_LABEL.fullmatch(label) for label in host.removesuffix(".").split("."))
    )


def leaves(path: str) -> bool:
    """Tell whether an escaped path is another when decoded, however often: by dots, a slash, a backslash or NUL."""
    depth = path.count("/")
    for _ in range(_DECODED):
        if path.count("/") != depth or _ELSEWHERE.search(path):
            return True
        path, before = (unquote(path) if "%" in path else path), path
        if path == before:
            return False
    return True


def endpoint(site: URL, path: str) -> URL:
    """Give the URL of one of the site's own scripts, such as ``webservice/rest/server.php``."""
    return site.with_path(f"{site.raw_path.rstrip('/')}/{path}", encoded=True)
