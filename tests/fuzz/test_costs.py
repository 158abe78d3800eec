"""What a site can make the service spend on one answer."""

import resource
from typing import Any

import pytest
from pydantic import SecretStr

from rpc_moodle.methods import METHODS
from rpc_moodle.moodle import errors, wire
from rpc_moodle.moodle.client import _adapter
from rpc_moodle.moodle.models import Assignments, EnrolledUser, Notice, told
from rpc_moodle.moodle.text import languages, plain_name
from rpc_moodle.transport.answers import plain, retry_after
from utils.errors import RpcError
from utils.validation import parse

MANY = 1_000_000


def deep(levels: int) -> dict[str, Any]:
    """Return objects within each other."""
    found: dict[str, Any] = {}
    for _ in range(levels):
        found = {"a": found}
    return found


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("into", "body"),
    [
        (list[EnrolledUser], b"[" + b"1," * MANY + b"1]"),
        (list[EnrolledUser], b'[{"id":1,"roles":[' + b"1," * MANY + b"1]}]"),
        (Assignments, b'{"courses":[' + b"1," * MANY + b"1]}"),
    ],
    ids=["rows", "inner rows", "model"],
)
def test_the_first_wrong_item_ends_the_reading(into: type, body: bytes) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(errors.BadResponse):
        wire.read("f", body, _adapter(into))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text", ["<" * MANY, "<a" * MANY, "&" * MANY, '<span class="multilang' * MANY, "{mlang en}" * MANY]
)
def test_a_text_of_any_length_is_soon_read(text: str) -> None:
    plain(text, SecretStr("x"))
    plain_name(text)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["<span ", '<span class="multilang" lang="a"', "{mlang en}", "<"])
def test_many_names_that_are_nearly_markup_are_soon_read(text: str) -> None:
    name = (text * 4000)[:4000]
    for _ in range(2000):
        plain_name(name)
        languages(name)


@pytest.mark.timeout(20)
async def test_of_endless_warnings_a_thousand_are_told() -> None:
    notices = [Notice(message="ab%41 " * 600, item="<" * 3000)] * 50_000
    assert len(await told(notices, SecretStr("a" * 32))) == 1000


def test_a_year_that_no_calendar_has_is_no_time_to_wait() -> None:
    when = {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Date": "Mon, 01 Jan 2024 00:00:00 GMT"}
    assert retry_after(when) is None


CREDENTIALS = {"options": {"url": "https://moodle.example.edu", "apiKey": "a" * 32}, "courseID": 1, "assignmentID": 2}


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("event", "payload", "code"),
    [
        ("publishGrades", {"grades": [{"extId": 1, "files": [1] * MANY}]}, None),
        ("publishGrades", {"grades": [{"extId": 1, "advancedGrading": {"criteria": [1] * MANY}}]}, None),
        ("searchUsers", {"criteria": dict.fromkeys(map(str, range(MANY)), 1)}, "too_large"),
        ("moopanel.waitForJob", {"jobs": [{"about": [1] * MANY}]}, "invalid_request"),
        ("callFunction", {"function": "a_b", "parameters": {"a": [1] * MANY}}, "invalid_request"),
        ("callFunction", {"function": "a_b", "parameters": {"a": bytes(MANY)}}, "invalid_request"),
        ("callFunction", {"function": "a_b", "parameters": {"a" * MANY: [1] * 9999}}, "invalid_request"),
        ("callFunction", {"function": "a_b", "parameters": deep(500)}, "invalid_request"),
    ],
)
def test_what_is_wrong_with_a_payload_is_soon_told(event: str, payload: dict[str, Any], code: str | None) -> None:
    method = METHODS.find(event)
    assert method is not None
    assert method.request_model is not None
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found: str | None = None
    try:
        parse(method.request_model, [{**CREDENTIALS, **payload}])
    except RpcError as error:
        found = error.code.name
    assert found == code
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024  # KiB
