"""Tickets: facts sealed for a purpose and a time, which whoever holds them cannot read, and cannot change.

Facts that many tickets share are sealed once, in a series: each of its tickets is the sealed facts, a tag, and an item.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretStr

_DAY = 24 * 60 * 60
_TAG_BYTES = 16
_KEY_BYTES = 16


class Refused(Exception):
    """A ticket that these keys have not sealed, or that is for another purpose."""


class Expired(Refused):
    """A ticket whose time has passed."""


class Tickets:
    """Makes and opens tickets: Fernet (AES-CBC and HMAC-SHA256) over a purpose, an expiry and facts.

    Replicas share the keys; to rotate them, put the new key first and keep the old one until its tickets have expired.
    """

    def __init__(
        self,
        keys: Sequence[SecretStr] = (),
        *,
        context: bytes,
        seconds: int = _DAY,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Take the keys, any strings: the first seals, all open. Without one, a key is made that dies with the process.

        ``context`` names the service, so that its tickets are not those of another with the same keys. ``seconds`` is
        how long a ticket is good.
        """
        derived = [_derived(key, context) for key in keys if key.get_secret_value()]
        self._fernet = MultiFernet([Fernet(key) for key in derived or [Fernet.generate_key()]])
        self._seconds = seconds
        self._clock = clock

    def wrap(self, purpose: str, facts: Mapping[str, object]) -> str:
        """Make a ticket of JSON facts, fit for a URL's path and query; only ``unwrap`` of the same purpose opens it."""
        return self._sealed({"for": purpose, "facts": dict(facts)})

    def unwrap(self, purpose: str, ticket: str) -> dict[str, object]:
        """Return the facts of a ticket. Raises Refused, Expired."""
        facts: dict[str, object] = self._opened(purpose, ticket)["facts"]
        return facts

    def series(self, purpose: str, facts: Mapping[str, object]) -> "Series":
        """Begin a series of tickets that share facts; only ``unwrap_item`` of the same purpose opens them."""
        key = secrets.token_bytes(_KEY_BYTES)
        return Series(self._sealed({"for": [purpose], "facts": dict(facts), "key": _text(key)}), key)

    def unwrap_item(self, purpose: str, ticket: str) -> tuple[dict[str, object], str]:
        """Return the facts and the item of a ticket of a series. Raises Refused, Expired."""
        head, _, rest = ticket.partition(".")
        sealed = self._opened([purpose], head)  # the list keeps a series and a plain ticket apart
        try:
            content = _bytes(rest)
            tag, item = content[:_TAG_BYTES], content[_TAG_BYTES:]
            text = item.decode()
        except ValueError:
            raise _foreign() from None
        expected = _keyed(_bytes(sealed["key"]))
        expected.update(item)
        if not hmac.compare_digest(tag, expected.digest()):
            raise _foreign()
        return sealed["facts"], text

    def _sealed(self, content: Mapping[str, object]) -> str:
        text = json.dumps({**content, "until": int(self._clock()) + self._seconds}, separators=(",", ":"))
        return self._fernet.encrypt(text.encode()).decode().rstrip("=")

    def _opened(self, purpose: object, ticket: str) -> dict[str, Any]:
        try:
            sealed: dict[str, Any] = json.loads(self._fernet.decrypt(_padded(ticket)))
        except (InvalidToken, ValueError):
            raise _foreign() from None
        if sealed["for"] != purpose:
            raise Refused("The ticket is for something else.")
        if sealed["until"] < self._clock():
            raise Expired("The ticket has expired.")
        return sealed


class Series:
    """Tickets with the same facts, each for an item of its own; to make one takes no encryption.

    The tag is BLAKE2b of the item under a key that is sealed with the facts: of another item or another series it is
    refused. The item itself can be read by whoever holds the ticket.
    """

    def __init__(self, head: str, key: bytes) -> None:
        """Take the sealed facts and the key among them."""
        self._head = head
        self._keyed = _keyed(key)  # taking in the key costs as much as the tag of an item

    def ticket(self, item: str) -> str:
        """Make the ticket of an item, fit for a URL's path and query."""
        content = item.encode()
        tag = self._keyed.copy()
        tag.update(content)
        return f"{self._head}.{_text(tag.digest() + content)}"


def _keyed(key: bytes) -> "hashlib.blake2b":
    return hashlib.blake2b(key=key, digest_size=_TAG_BYTES)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Read what ``_text`` has written; raises ValueError for anything else."""
    return base64.b64decode(_padded(text), b"-_", validate=True)


def _padded(text: str) -> bytes:
    return text.encode("ascii") + b"=" * (-len(text) % 4)


def _foreign() -> Refused:
    return Refused("The ticket is not one of this service, or its key is no longer in use.")


def _derived(key: SecretStr, context: bytes) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=context).derive(key.get_secret_value().encode())
    return base64.urlsafe_b64encode(derived)
