"""Tickets: what a caller may hold in place of a token, readable by this service alone."""

import base64
import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr
from yarl import URL

from rpc_moodle.errors import INVALID_TOKEN
from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.files.url import bare, file_of, file_url, is_of, site_of
from utils.errors import RpcError

Mode = Literal["sealed", "plain", "none"]
"""What a file URL carries: a ticket, the token itself, or nothing."""

_KEY_PURPOSE = b"rpc_moodle tickets 1"
_DAY = 24 * 60 * 60


class BadTicket(RpcError):
    """A ticket that this service did not make, that has expired, or that stands at another URL: `invalid_token`."""

    def __init__(self, message: str) -> None:
        """Take the sentence for the caller."""
        super().__init__(INVALID_TOKEN, message)


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


class Tickets:
    """Makes and opens tickets: Fernet (AES-CBC and HMAC-SHA256) over a purpose, an expiry and facts.

    Replicas share the key; to rotate it, put the new key first and keep the old one until its tickets have expired.
    """

    def __init__(
        self, keys: Sequence[SecretStr] = (), *, seconds: int = _DAY, clock: Callable[[], float] = time.time
    ) -> None:
        """Take the keys, any strings: the first seals, all open. Without one, a key is made that dies with the process.

        ``seconds`` is how long a ticket is good.
        """
        secrets = [_derive(key) for key in keys if key.get_secret_value()]
        self._fernet = MultiFernet([Fernet(key) for key in secrets or [Fernet.generate_key()]])
        self._seconds = seconds
        self._clock = clock

    def wrap(self, purpose: str, facts: Mapping[str, object]) -> str:
        """Make a ticket of JSON facts, fit for a URL's path and query; only ``unwrap`` of the same purpose opens it."""
        sealed = {"for": purpose, "until": int(self._clock()) + self._seconds, "facts": dict(facts)}
        return self._fernet.encrypt(json.dumps(sealed, separators=(",", ":")).encode()).decode().rstrip("=")

    def unwrap(self, purpose: str, ticket: str) -> dict[str, object]:
        """Give the facts of a ticket. Raises BadTicket."""
        try:
            padded = ticket.encode("ascii") + b"=" * (-len(ticket) % 4)
            sealed = json.loads(self._fernet.decrypt(padded))
        except (InvalidToken, ValueError):
            raise BadTicket(
                "The ticket is not one of this service, or its key is no longer in use; list the submissions again."
            ) from None
        if sealed["for"] != purpose:
            raise BadTicket("The ticket is for something else.")
        if sealed["until"] < self._clock():
            raise BadTicket("The ticket has expired; ask for the submissions again to get a new one.")
        facts: dict[str, object] = sealed["facts"]
        return facts

    def seal(self, url: URL, token: SecretStr) -> str:
        """Put a ticket onto a URL as ``file_url`` gives it."""
        clean = bare(url)
        ticket = self.wrap("file", {"url": str(clean), "token": token.get_secret_value()})
        return str(clean.update_query(ticket=ticket))

    def open_ticket(self, ticket: str) -> FileAccess:
        """Open the ticket of a file. Raises BadTicket."""
        facts = self.unwrap("file", ticket)
        return FileAccess(file_url(str(facts["url"])), SecretStr(str(facts["token"])))

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

    def seal_archive(self, access: ArchiveAccess) -> str:
        """Make the ticket of an assignment's archive."""
        facts = {"site": str(access.site), "token": access.token.get_secret_value()}
        return self.wrap("archive", {**facts, "course": access.course_id, "cmid": access.cmid})

    def open_archive(self, ticket: str) -> ArchiveAccess:
        """Open the ticket of an archive. Raises BadTicket."""
        facts = self.unwrap("archive", ticket)
        site, token = URL(str(facts["site"])), SecretStr(str(facts["token"]))
        return ArchiveAccess(site, token, int(str(facts["course"])), int(str(facts["cmid"])))


class FileLinks:
    """File URLs as they leave the service, and what they mean when they come back."""

    def __init__(self, tickets: Tickets, mode: Mode = "sealed") -> None:
        """Take the mode for what leaves; whatever it is, all three forms are understood on their return."""
        self._tickets = tickets
        self._mode = mode

    def link(self, url: URL, token: SecretStr) -> str:
        """Write a URL as ``file_of`` gives it for a caller; in mode ``sealed`` it is enough for a later download."""
        if self._mode == "sealed":
            return self._tickets.seal(url, token)
        return str(url.update_query(token=token.get_secret_value()) if self._mode == "plain" else url)

    def listed(self, fileurl: str, site: URL, token: SecretStr) -> str:
        """Write a file URL that a site lists for a caller; empty where it is not one of the site's own files."""
        try:
            return self.link(file_of(fileurl, site), token)
        except errors.InvalidSite:
            return ""

    def resolve(self, text: str, *, site: URL | None = None, token: SecretStr | None = None) -> FileAccess:
        """Read a file URL from a caller: with a ticket, with a plain ``token=``, or bare with the call's own token.

        What the URL carries comes before the call's token. ``site`` is the call's, where it names one.

        Raises BadTicket, InvalidSite (no file URL, or one of another site than the call's), InvalidCredential
        (a bare URL and no token in the call, or a token that cannot be one).
        """
        url = file_url(text)
        if "ticket" in url.query:
            access = self._tickets.open_url(text)
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


def _derive(key: SecretStr) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=_KEY_PURPOSE).derive(key.get_secret_value().encode())
    return base64.urlsafe_b64encode(derived)
