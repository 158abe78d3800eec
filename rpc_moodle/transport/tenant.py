"""Whose request it is: what every queue, circuit and budget of the transport is counted by."""

from collections.abc import Hashable
from dataclasses import dataclass

from yarl import URL


@dataclass(frozen=True)
class Tenant:
    """A site and a key: ``site`` is the root URL, ``key`` a fingerprint of what opens it, ``caller`` who asks for it.

    ``key`` is empty where nothing opens the site, as before a login. ``caller`` is whatever tells apart those who use
    a service, None in a program of one's own.
    """

    site: URL
    key: bytes = b""
    caller: Hashable = None
