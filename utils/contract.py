"""The shapes on the wire: the base of request and result models, and the envelope of every reply."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from utils.codec import Encoded
from utils.errors import RpcError


class Model(BaseModel):
    """What crosses the wire: camelCase outside, unknown keys ignored, immutable, silent about wrong values."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        defer_build=True,
        hide_input_in_errors=True,
    )


_CALL_ID = r"[!-~]{1,64}"


def _call_id(text: str) -> str:
    if not re.fullmatch(_CALL_ID, text):
        raise ValueError("must be 1 to 64 characters of ASCII without a space")
    return text


CallId = Annotated[str, AfterValidator(_call_id)]
"""The caller's own name for a call: 1 to 64 characters of ASCII, no space."""


class Options(Model):
    """What may be said about how a call is done."""

    timeout_ms: Annotated[
        int | None,
        Field(
            ge=1,
            le=3_600_000,
            description="Milliseconds until the call is answered with `timeout`; the service's default without it.",
        ),
    ] = None
    call_id: Annotated[
        CallId | None,
        Field(
            description="The caller's own name for the call, 1 to 64 characters without a space: it comes back as "
            "`callId` and stands in the service's log; without it, the service makes one."
        ),
    ] = None


class Request(Model):
    """What every call may carry besides its own payload.

    ``in_options`` names keys of the top level that callers may also write inside ``options``.
    """

    in_options: ClassVar[tuple[str, ...]] = ()

    options: Options = Options()
    progress_id: Annotated[
        str | None,
        Field(max_length=200, description="When given, `progress` events that carry it come while the call runs."),
    ] = None


class Envelope(dict[str, Any]):
    """A reply; ``encoded`` holds its wire form once the dispatcher has written it."""

    __slots__ = ("encoded",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encoded: Encoded | None = None


def call_id_of(arguments: Sequence[object]) -> str | None:
    """Return the caller's own name for a call from its arguments, whatever else they hold; None for none of use."""
    payload = arguments[0] if arguments else None
    options = payload.get("options") if isinstance(payload, Mapping) else None
    wanted = options.get("callId") if isinstance(options, Mapping) else None
    return wanted if isinstance(wanted, str) and re.fullmatch(_CALL_ID, wanted) else None


def success(data: object, warnings: Sequence[Mapping[str, object]] = ()) -> Envelope:
    """Make the envelope ``{success: true, data[, warnings]}``; each warning is ``{code, message, …}``.

    The dispatcher adds the call's name as ``callId``, also to a failure.
    """
    envelope = Envelope(success=True, data=data)
    if warnings:
        envelope["warnings"] = list(warnings)
    return envelope


def failure(error: RpcError) -> Envelope:
    """Make the envelope ``{success: false, message, error: {code, message, retryable, details}[, data]}``.

    The message stands twice because existing backends read the outer one. ``data`` is there only with partial results.
    """
    envelope = Envelope(
        success=False,
        message=error.message,
        error={
            "code": error.code.name,
            "message": error.message,
            "retryable": error.retryable,
            "details": error.details,
        },
    )
    if error.data is not None:
        envelope["data"] = error.data
    return envelope
