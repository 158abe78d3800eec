"""What can go wrong with a call: error codes and the one exception that carries them.

A service adds its own codes by making further :class:`ErrorCode` objects; the tree of exceptions is::

    Exception
    └── RpcError        an answer for the caller: code, message, details
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A kind of failure: its published ``name``, whether calling again can help, and ``when`` it is given."""

    name: str
    retryable: bool
    when: str


INVALID_REQUEST = ErrorCode(
    "invalid_request",
    retryable=False,
    when="The payload is wrong; `details.fields`: path and problem of each.",
)
UNKNOWN_METHOD = ErrorCode(
    "unknown_method",
    retryable=False,
    when="No such event; `details.methods` names the nearest.",
)
UNAUTHORIZED = ErrorCode(
    "unauthorized",
    retryable=False,
    when="The socket may not call (service-side authentication).",
)
RATE_LIMITED = ErrorCode(
    "rate_limited",
    retryable=True,
    when="A limit was reached, or the service is stopping; `details.retryAfter`, in seconds.",
)
TIMEOUT = ErrorCode(
    "timeout",
    retryable=True,
    when="The deadline passed; `details` says what had been done.",
)
TOO_LARGE = ErrorCode(
    "too_large",
    retryable=False,
    when="A reply or a payload over the limit; says which and what to use instead.",
)
PARTIAL_FAILURE = ErrorCode(
    "partial_failure",
    retryable=False,
    when="Part of a batch failed; `data` holds the per-item report.",
)
INTERNAL = ErrorCode(
    "internal",
    retryable=False,
    when="A bug in the service; `details.id` is in its log.",
)

CODES = (
    INVALID_REQUEST,
    UNKNOWN_METHOD,
    UNAUTHORIZED,
    RATE_LIMITED,
    TIMEOUT,
    TOO_LARGE,
    PARTIAL_FAILURE,
    INTERNAL,
)


class RpcError(Exception):
    """A failure as the caller will read it.

    ``message`` is one sentence a person can act on; it stands alone and holds no secret. ``details`` are
    JSON facts for programs, ``data`` is a partial result, ``retryable`` overrides the code's own.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        details: Mapping[str, object] | None = None,
        data: object = None,
        retryable: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.details: dict[str, object] = dict(details or {})
        self.data = data
        self.retryable = code.retryable if retryable is None else retryable


def leaves_of(error: BaseException) -> Iterable[Exception]:
    """Yield the exceptions of a group in their order, or the exception itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves_of(inner)
    elif isinstance(error, Exception):
        yield error
