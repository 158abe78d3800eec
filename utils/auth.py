"""Who may call: tokens that the operator gives to backends, and when a service may do without."""

import hashlib
import hmac
from collections.abc import Iterable
from ipaddress import ip_address

from pydantic import SecretStr

from utils.settings import KitSettings


class Gate:
    """Lets in whoever shows one of the operator's tokens; everyone, when there are none."""

    def __init__(self, tokens: Iterable[SecretStr] = ()) -> None:
        """Take the tokens; each of them is valid, so that they can be rotated."""
        self._digests = tuple(_digest(token.get_secret_value()) for token in tokens)

    @property
    def closed(self) -> bool:
        """Whether a token is asked for."""
        return bool(self._digests)

    def admits(self, *shown: object) -> bool:
        """Tell whether one of the things shown is a token.

        Every token is compared with everything shown, in constant time, so that the time tells nothing.
        """
        if not self._digests:
            return True
        digests = [_digest(each) for each in shown if isinstance(each, str)]
        return sum(hmac.compare_digest(known, digest) for known in self._digests for digest in digests) > 0

    def admits_header(self, authorization: str | None) -> bool:
        """Tell whether the value of an ``Authorization`` header is ``Bearer`` and a token."""
        return self.admits(bearer(authorization))


def bearer(authorization: str | None) -> str | None:
    """Return the token of an ``Authorization: Bearer …`` header's value; None for anything else."""
    scheme, _, token = (authorization or "").strip().partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def is_loopback(host: str) -> bool:
    """Tell whether a service that listens on ``host`` can be reached from its own machine alone."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.rstrip(".").lower() == "localhost"


def is_open(settings: KitSettings) -> bool:
    """Tell whether anyone who reaches the port may call, from other machines as well."""
    return not settings.auth_tokens and not is_loopback(settings.host)


def reason_not_to_start(settings: KitSettings) -> str | None:
    """Say why a service must not listen: it would be open, and nobody has said that it shall be."""
    if settings.auth == "off" or not is_open(settings):
        return None
    prefix = settings.model_config.get("env_prefix", "")
    return (
        f"Anyone who reaches {settings.host} could call this service: set {prefix}AUTH_TOKENS to the tokens that "
        f"callers have to show, or {prefix}AUTH=off if the network keeps others out."
    )


def _digest(text: str) -> bytes:
    """Make texts of one length of all, so that comparing them does not tell how long a token is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
