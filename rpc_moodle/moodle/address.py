"""The address of a Moodle site, whatever a person pasted for it."""

import re
from urllib.parse import quote

from yarl import URL

from rpc_moodle.moodle.errors import InvalidSite

# What Moodle serves below its root: pasting the address of one of these names the site before it.
_KNOWN_PATH = re.compile(
    r"/(webservice(/.*)?|my/?|index\.php|(login|course|mod|my|user|admin|grade|enrol)/[\w/]+\.php)$"
)
_HOST = r"[A-Za-z0-9_.-]+|(?=.*:)[0-9A-Fa-f:.]+(%[A-Za-z0-9_.-]+)?"  # a name in ASCII, or an IPv6 address
_MAX_LENGTH = 2000


def site_url(pasted: str) -> URL:
    """Read the root URL of a Moodle site from what a person pasted.

    Spaces around it, trailing slashes, a missing scheme (https), a query, and the path of a page or
    of ``/webservice/rest/server.php`` all name the same site.

    Raises InvalidSite when the text cannot be an http(s) URL; the message never repeats the text,
    which may hold a password.
    """
    text = pasted.strip()
    if not text:
        raise InvalidSite("The Moodle URL is empty.")
    if len(text) > _MAX_LENGTH:
        raise InvalidSite(f"The Moodle URL is longer than {_MAX_LENGTH} characters.")
    if re.search(r"[\s\x00-\x1f\x7f\\]", text):
        raise InvalidSite("The Moodle URL holds a space, a backslash or a control character.")
    if "://" not in text:
        text = f"https://{text}"
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        raise InvalidSite("The Moodle URL cannot be read; it looks like https://moodle.example.edu.") from None
    if url.scheme not in {"http", "https"}:
        raise InvalidSite("The Moodle URL must start with https:// or http://.")
    if not host or port is None or not re.fullmatch(_HOST, host):
        raise InvalidSite("The Moodle URL names no host; it looks like https://moodle.example.edu.")
    if url.user is not None or url.password is not None:
        raise InvalidSite("The Moodle URL must not carry a user name or a password.")
    path = _KNOWN_PATH.sub("", url.path).rstrip("/")
    return url.with_path(quote(path, safe="/"), encoded=True).with_query(None).with_fragment(None)


def endpoint(site: URL, path: str) -> URL:
    """Give the URL of one of the site's own scripts, such as ``webservice/rest/server.php``."""
    return site.with_path(f"{site.raw_path.rstrip('/')}/{path}", encoded=True)
