"""Who may call: tokens that the operator gives to backends, and when a service may do without."""

import asyncio
import hashlib
import hmac
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from ipaddress import ip_address

from pydantic import SecretStr

from utils.origins import origin
from utils.settings import KitSettings

FREE_GUESSES = 3
"""Wrong tokens of one address that are answered at once: someone has changed tokens, or mistyped one."""

FIRST_WAIT, LONGEST_WAIT = 0.25, 5.0
"""Seconds that the next wrong one waits for its answer; each further one twice as long."""

FORGET_SECONDS = 60.0
"""An address that has shown no wrong token for so long begins anew."""

MOST_ADDRESSES = 10_000
MOST_WAITING = 100
"""Wrong tokens that may wait for their answers; a further one is answered at once, as what waits costs memory."""


class Guesses:
    """Counts wrong tokens by address, and slows them down; right ones are never kept waiting."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Start with nothing counted."""
        self.total = 0
        self._clock = clock
        self._waiting = 0
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def seconds(self, where: str) -> float:
        """Count a wrong token of an address; return how long its answer has to wait."""
        self.total += 1
        now = self._clock()
        count, last = self._counts.pop(where, (0, now))
        count = count + 1 if now - last < FORGET_SECONDS else 1
        self._counts[where] = count, now
        if len(self._counts) > MOST_ADDRESSES:
            self._counts.popitem(last=False)
        return min(LONGEST_WAIT, FIRST_WAIT * 2 ** min(count - FREE_GUESSES - 1, 10)) if count > FREE_GUESSES else 0

    async def wait(self, where: str) -> None:
        """Count a wrong token of an address, and wait before it is answered."""
        seconds = self.seconds(where)
        if seconds and self._waiting < MOST_WAITING:
            self._waiting += 1
            try:
                await asyncio.sleep(seconds)
            finally:
                self._waiting -= 1


class Gate:
    """Lets in whoever shows one of the operator's tokens; everyone, when there are none."""

    def __init__(self, tokens: Iterable[SecretStr] = ()) -> None:
        """Take the tokens; each of them is valid, so that they can be rotated."""
        self._digests = tuple(_digest(token.get_secret_value()) for token in tokens)
        self.guesses = Guesses()

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

    def name(self, *shown: object) -> str | None:
        """Return a name for the token among what is shown: the beginning of its SHA-256, which opens nothing."""
        digests = [_digest(each) for each in shown if isinstance(each, str)]
        known = [digest for digest in digests if any(hmac.compare_digest(digest, each) for each in self._digests)]
        return f"token-{known[0].hex()[:8]}" if known else None

    async def lets_in(self, remote: str | None, *shown: object) -> bool:
        """Tell whether one of the things shown is a token; wrong ones are counted by address and slowed down."""
        if self.admits(*shown):
            return True
        if any(isinstance(each, str) and each for each in shown):
            await self.guesses.wait(origin(remote))
        return False


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
