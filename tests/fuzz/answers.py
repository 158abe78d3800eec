"""What a site may answer, put through the parser as a call does; the target of every fuzzer of it.

The recorded answers are where the fuzzers begin. Only Python is instrumented by the coverage-guided one: what orjson
and pydantic do inside of their own machine code is not seen by it.
"""

from typing import Any

from pydantic import SecretStr, TypeAdapter

from rpc_moodle.moodle import MoodleError, models, wire
from tests.support import VERSIONS, body_of, exchanges

TOKEN = "0123456789abcdef0123456789abcdef"
INTO: tuple[TypeAdapter[Any], ...] = tuple(
    TypeAdapter(kind)
    for kind in (list[models.EnrolledUser], list[models.Participant], list[models.Mapping], dict[str, Any], Any)
)
STATUSES = (200, 200, 200, 204, 303, 401, 403, 404, 429, 500, 503)
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {"Retry-After": "5"},
    {"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT", "Location": "https://a/b?token=c"},
)


def take(data: bytes) -> None:
    """Read an answer: the first byte chooses status and headers, the second the model, the rest is the body.

    Raises nothing, unless the parser does what it must not: another exception than MoodleError, or the token in one.
    """
    choice, into, body = data[:1] or b"\0", data[1:2] or b"\0", data[2:]
    status, headers = STATUSES[choice[0] % len(STATUSES)], HEADERS[choice[0] // len(STATUSES) % len(HEADERS)]
    try:
        answer = wire.answer("mod_assign_get_x", status, headers, body, SecretStr(TOKEN))
        wire.read("mod_assign_get_x", answer, INTO[into[0] % len(INTO)])
    except MoodleError as error:
        said = f"{error} {error!r}"
    else:
        return
    assert TOKEN not in said


def seeds() -> list[bytes]:
    """Recorded answers of real sites, and some that hold the token, as :func:`take` reads them."""
    recorded = {body_of(exchange)[:20_000] for version in VERSIONS for exchange in exchanges(version).values()}
    hostile = (
        f'{{"exception":"{TOKEN}","errorcode":"{TOKEN}","message":"{TOKEN}"}}',
        f'{{"error":"{TOKEN}","errorcode":"invalidtoken","debuginfo":"{TOKEN}"}}',
        f"<html>{TOKEN}",
    )
    bodies = [*sorted(recorded), *(text.encode() for text in hostile)]
    return [bytes([0, number % len(INTO)]) + body for number, body in enumerate(bodies)]
