"""Who comes in: strangers and those who have shown a token, and how much of what they send is kept."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from utils.auth import Gate, bearer
from utils.errors import RATE_LIMITED, RpcError
from utils.origins import origin
from utils.server.budget import Budget
from utils.server.frames import HEAD_BYTES, Arrival
from utils.server.limits import Sockets
from utils.server.packets import too_large
from utils.settings import KitSettings

STRANGER_BYTES = 64 * 1024
"""The largest message that is read of a caller who has shown no token, and how much may wait to be read by it."""

STRANGER_CALLS = 20
"""Calls of one socket that are answered with `unauthorized`; then it is closed."""

RETRY_SECONDS = 5


class Peer:
    """One socket as the door knows it; ``admitted`` says whether it may call, ``calls`` how many of its calls run."""

    def __init__(self, budget: Budget, where: str, limit: int, *, remote: str | None, admitted: bool) -> None:
        """Take where it comes from, and the limit of its payloads in bytes once it is admitted."""
        self.origin = where
        self.remote = remote
        self.admitted = admitted
        self.token: str | None = None
        self.calls = 0
        self.refused = 0
        self.arrivals: deque[Arrival] = deque()
        self._budget = budget
        self._limit = limit

    @property
    def name(self) -> str:
        """Who it is, for the log: the name of its token, and its address."""
        return f"{self.token}@{self.origin}" if self.token is not None else self.origin

    def problem(self, size: int, more: int) -> RpcError | None:
        """Return why a message of so many bytes is not kept; else ``more`` bytes of it are taken from the budget.

        A message may have four thirds of what a payload may, since attachments come as base64 in polling.
        """
        limit = self._limit if self.admitted else min(STRANGER_BYTES, self._limit)
        if size > limit * 4 // 3 + HEAD_BYTES:
            return too_large(limit)
        if self._budget.take(self.origin, more):
            return None
        return RpcError(
            RATE_LIMITED,
            f"The service is taking in {self._budget.total} bytes of payloads, or half of them from this address, "
            "which is the limit; call again later.",
            details={"retryAfter": RETRY_SECONDS},
        )

    def give(self, kept: int) -> None:
        """Give back the bytes of a message that has been dealt with."""
        if kept:
            self._budget.give(self.origin, kept)


class Door:
    """Counts sockets, knows which of them have shown a token, and keeps what they send within its limits."""

    def __init__(self, gate: Gate, settings: KitSettings) -> None:
        """Take who is let in, and the limits."""
        self.gate = gate
        self.limits = Sockets(settings.max_sockets, settings.max_sockets_per_address)
        self.incoming = Budget(settings.max_incoming_bytes)
        self.calls = Budget(settings.max_calls)
        self.peers: dict[str, Peer] = {}
        self._limit = settings.max_payload_bytes

    def refusal(self, request: web.Request) -> web.Response | None:
        """Return the answer to a request for one socket too many; None when there is room."""
        problem = self.limits.problem(origin(request.remote))
        if problem is None:
            return None
        status, message = problem
        # The form in which Engine.IO says what is wrong with a handshake.
        return web.json_response(
            {"code": 3, "message": message}, status=status, headers={"Retry-After": str(RETRY_SECONDS)}
        )

    def opened(self, sid: str, request: web.Request) -> list[str]:
        """Take notice of a new socket; return those that have to be closed for it.

        Who shows a token in the handshake's header is no stranger from the start.
        """
        where = origin(request.remote)
        admitted = self.gate.admits(bearer(request.headers.get("Authorization")))
        self.peers[sid] = Peer(self.incoming, where, self._limit, remote=request.remote, admitted=admitted)
        return list(self.limits.opened(sid, where, stranger=not admitted))

    async def shown(self, sid: str, auth: object, environ: Mapping[str, Any]) -> str | None:
        """Look at what a socket shows when it connects: ``auth: {token}``, or a header of its handshake.

        Return why there is no room for it, or None; ``admitted`` says what became of it.
        """
        peer = self.peers.get(sid)
        if peer is None:
            return None
        token = auth.get("token") if isinstance(auth, dict) else None
        shown = token, bearer(environ.get("HTTP_AUTHORIZATION"))
        if not await self.gate.lets_in(peer.remote, *shown):
            peer.admitted = False
            if sid in self.peers:
                self.limits.dismissed(sid)
            return None
        problem = self.limits.admitted(sid)
        peer.admitted = problem is None
        peer.token = self.gate.name(*shown)
        return problem

    def closed(self, sid: str) -> None:
        """Take notice of the end of a socket: what it held is given back."""
        self.limits.closed(sid)
        peer = self.peers.pop(sid, None)
        if peer is not None:
            while peer.arrivals:
                peer.give(peer.arrivals.popleft().kept)
