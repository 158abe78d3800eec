"""Links to files and archives: what a caller may hold in place of a token, readable by this service alone."""

import re
from typing import Literal, NamedTuple

from pydantic import SecretStr
from yarl import URL

from rpc_moodle.errors import INVALID_TOKEN
from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.files.url import MAX_LENGTH, SCRIPT, bare, file_of, file_url, is_of, site_of
from rpc_moodle.transport.address import endpoint
from utils.errors import RpcError
from utils.tickets import Expired, Refused, Series, Tickets

Mode = Literal["sealed", "plain", "none"]
"""What a file URL carries: a ticket, the token itself, or nothing."""

CONTEXT = b"rpc_moodle tickets 1"
"""What the tickets of this service are derived for."""

_FILES, _FILE, _ARCHIVE = "files", "file", "archive"  # a ticket per call and file; per file alone, as once; per archive

_PATH = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/%-]+")
_HIDING = re.compile(r"%(?:2[5EF]|5C|00)", re.IGNORECASE)
"""Escapes that can hide a segment of a path, a query or an end."""


class BadTicket(RpcError):
    """A ticket that this service did not make, that has expired, or that stands at another URL: `invalid_token`."""

    def __init__(self, message: str) -> None:
        """Take the sentence for the caller."""
        super().__init__(INVALID_TOKEN, message)

    @classmethod
    def of(cls, refused: Refused) -> "BadTicket":
        """Say why a ticket was refused, and what to do."""
        remedy = "; ask for the submissions again to get a new one." if isinstance(refused, Expired) else "."
        return cls(f"{str(refused).rstrip('.')}{remedy}")


class FileAccess(NamedTuple):
    """A file and the token that opens it; ``url`` is as ``file_url`` gives it, without ticket or token."""

    url: URL
    token: SecretStr

    @property
    def site(self) -> URL:
        """The root URL of the file's site, which the ticket is bound to with the URL."""
        return site_of(self.url)


class ArchiveAccess(NamedTuple):
    """An assignment of a site and the token that lists and opens what was submitted to it."""

    site: URL
    token: SecretStr
    course_id: int
    cmid: int


class FileLinks:
    """File URLs as they leave the service, and what they mean when they come back."""

    def __init__(self, tickets: Tickets, mode: Mode = "sealed") -> None:
        """Take the mode for what leaves; whatever it is, all forms are understood on their return."""
        self._tickets = tickets
        self._mode = mode

    def of(self, site: URL, token: SecretStr) -> "CallLinks":
        """Begin the links of one call: its site, its token."""
        return CallLinks(self._tickets, self._mode, site, token)

    def open_ticket(self, ticket: str) -> FileAccess:
        """Open the ticket of a file. Raises BadTicket."""
        try:
            if "." not in ticket:  # as they were made at first, the URL sealed in each
                facts = self._tickets.unwrap(_FILE, ticket)
                url = str(facts["url"])
            else:
                facts, item = self._tickets.unwrap_item(_FILES, ticket)
                url = f"{facts['script']}{item}" if item[:1] in {"/", "?"} else item
        except Refused as refused:
            raise BadTicket.of(refused) from None
        return FileAccess(file_url(url), SecretStr(str(facts["token"])))

    def open_url(self, url: str) -> FileAccess:
        """Open the ticket that a file URL carries.

        Raises BadTicket, also when the ticket was made for another URL, and InvalidSite when it is no file URL.
        """
        attached = file_url(url)
        access = self.open_ticket(attached.query.get("ticket", ""))
        # Decoded: a caller's URL library may have written the same path with other escapes.
        if (attached.origin(), attached.path, attached.query.get("file")) != (
            access.url.origin(),
            access.url.path,
            access.url.query.get("file"),
        ):
            raise BadTicket("The ticket was made for another file URL.")
        return access

    def resolve(self, text: str, *, site: URL | None = None, token: SecretStr | None = None) -> FileAccess:
        """Read a file URL from a caller: with a ticket, with a plain ``token=``, or bare with the call's own token.

        What the URL carries comes before the call's token. ``site`` is the call's, where it names one.

        Raises BadTicket, InvalidSite (no file URL, or one of another site than the call's), InvalidCredential
        (a bare URL and no token in the call, or a token that cannot be one).
        """
        url = file_url(text)
        if "ticket" in url.query:
            access = self.open_url(text)
        elif url.query.get("token"):
            access = FileAccess(bare(url), wire.check_token(SecretStr(url.query["token"])))
        elif token is not None:
            access = FileAccess(bare(url), token)
        else:
            raise errors.InvalidCredential(
                "The file URL carries neither a ticket nor a token, and the call has no API key."
            )
        if site is not None and not is_of(access.url, site):
            raise errors.InvalidSite("The file URL belongs to another site than the URL of the call.")
        return access


class CallLinks:
    """The links of one call; what they share is sealed once, with the first of them."""

    def __init__(self, tickets: Tickets, mode: Mode, site: URL, token: SecretStr) -> None:
        """Take what :meth:`FileLinks.of` has."""
        self._tickets = tickets
        self._mode = mode
        self._site = site
        self._script = str(endpoint(site, SCRIPT))
        self._token = token
        self._series: Series | None = None

    def link(self, fileurl: str) -> str:
        """Write a file URL that the site lists for a caller; in mode ``sealed`` it is enough for a later download.

        Raises InvalidSite for what is no file URL of the site itself: its key opens nothing there.
        """
        if self._mode == "sealed" and fileurl.startswith(self._script) and len(fileurl) <= MAX_LENGTH:
            path = fileurl[len(self._script) :]
            if _PATH.fullmatch(path) and _is_as_written(path):
                return f"{fileurl}?ticket={self._ticket(path)}"
        url = file_of(fileurl, self._site)
        if self._mode == "sealed":
            return str(url.update_query(ticket=self._ticket(str(url).removeprefix(self._script))))
        return str(url.update_query(token=self._token.get_secret_value()) if self._mode == "plain" else url)

    def listed(self, fileurl: str) -> str:
        """Write a file URL as :meth:`link` does; empty where it is not one of the site's own files."""
        try:
            return self.link(fileurl)
        except errors.InvalidSite:
            return ""

    def _ticket(self, item: str) -> str:
        if self._series is None:
            facts = {"script": self._script, "token": self._token.get_secret_value()}
            self._series = self._tickets.series(_FILES, facts)
        return self._series.ticket(item)


class ArchiveLinks:
    """Tickets of archives."""

    def __init__(self, tickets: Tickets) -> None:
        """Take what seals and opens them."""
        self._tickets = tickets

    def seal(self, access: ArchiveAccess) -> str:
        """Make the ticket of an assignment's archive."""
        facts = {"site": str(access.site), "token": access.token.get_secret_value()}
        return self._tickets.wrap(_ARCHIVE, {**facts, "course": access.course_id, "cmid": access.cmid})

    def open(self, ticket: str) -> ArchiveAccess:
        """Open the ticket of an archive. Raises BadTicket."""
        try:
            facts = self._tickets.unwrap(_ARCHIVE, ticket)
        except Refused as refused:
            raise BadTicket.of(refused) from None
        site, token = URL(str(facts["site"])), SecretStr(str(facts["token"]))
        return ArchiveAccess(site, token, int(str(facts["course"])), int(str(facts["cmid"])))


def _is_as_written(path: str) -> bool:
    """Tell whether reading a path as a URL takes nothing away: no empty and no dot segments, none of them hidden."""
    return "//" not in path and "/." not in path and not ("%" in path and _HIDING.search(path))
