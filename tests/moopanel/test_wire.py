"""What every recorded answer of the plugin means."""

import contextlib
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, TypeAdapter
from yarl import URL

from rpc_moodle.moopanel import errors, wire
from tests.moopanel.recorded import KEY, body_of, exchanges, of_plugin

_KINDS = {
    200: "data",
    201: "data",
    401: "InvalidKey",
    403: "NotConfirmed",
    404: "NotOffered",
    405: "NotOffered",
    423: "SiteUnavailable",
    501: "NotOffered",
    555: "PluginFault",
}
_MISSING = ("not found", "not exist", "no available")


def meaning(exchange: dict[str, Any]) -> str:
    """What the adapter makes of a recorded answer: ``data``, or the name of an error."""
    try:
        wire.answer("e", exchange["response"]["status"], {}, body_of(exchange), KEY)
    except errors.MooPanelError as error:
        return type(error).__name__
    return "data"


def expected(exchange: dict[str, Any]) -> str:
    """What a recorded answer has to mean, by its status and its kind."""
    status, body = exchange["response"]["status"], exchange["response"]["body"]
    if isinstance(body, str) and body:
        return "PluginFault" if status == 404 and "<title>Error |" in body else "BadResponse"
    if body == "" and status == 200:
        return "BadResponse"
    if status == 400:
        return "NotFound" if any(words in body["error"] for words in _MISSING) else "Refused"
    return _KINDS[status]


@pytest.mark.parametrize("exchange", of_plugin().values(), ids=of_plugin())
def test_a_recorded_answer_means_what_it_should(exchange: dict[str, Any]) -> None:
    assert meaning(exchange) == expected(exchange)


def test_every_recorded_exchange_is_among_them_but_reports_and_fetched_files() -> None:
    kinds = Counter(meaning(one) for one in of_plugin().values())
    assert len(exchanges()) == 246
    assert kinds == COUNTS
    assert sum(kinds.values()) + sum(name.startswith("callback ") for name in exchanges()) == 246


COUNTS = {
    "data": 109,
    "Refused": 39,
    "NotOffered": 25,
    "NotFound": 15,
    "PluginFault": 11,
    "InvalidKey": 8,
    "SiteUnavailable": 4,
    "BadResponse": 3,
    "NotConfirmed": 1,
}
"""Recorded answers by what they mean; the other 31 exchanges are 24 reports and 7 files that the site fetched."""


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (429, b'{"error": "slow down"}', errors.SiteBusy),
        (502, b"<html>Bad gateway</html>", errors.ServerFault),
        (503, b'{"error": "Service Unavailable - try again later."}', errors.ServerFault),
        (302, b"", errors.BadResponse),
        (200, b"", errors.BadResponse),
        (200, b"[]", errors.BadResponse),
        (200, b"<!DOCTYPE html><title>Log in</title>", errors.BadResponse),
        (401, b"<html>Unauthorized</html>", errors.BadResponse),
        (418, b'{"error": "I am a teapot."}', errors.PanelRefusal),
    ],
)
def test_an_answer_that_was_not_recorded_is_an_error_all_the_same(status: int, body: bytes, kind: type) -> None:
    with pytest.raises(kind):
        wire.answer("users", status, {}, body, KEY)


def test_the_plugins_words_are_passed_on_without_the_key() -> None:
    with pytest.raises(errors.Refused, match=r"^no \*\*\* here$") as caught:
        wire.answer("users", 400, {}, b'{"error": "no API_KEY <b>here</b>"}', KEY)
    assert (caught.value.status, caught.value.endpoint) == (400, "users")


def test_the_trace_of_a_fault_stays_here() -> None:
    with pytest.raises(errors.PluginFault) as caught:
        wire.answer("users", 555, {}, body_of(exchanges()["users_fields_bad"]), KEY)
    assert str(caught.value) == "Error reading from database"


@pytest.mark.parametrize("key", ["", "two words", "line\nbreak", "ключ", "x" * 257])
def test_a_key_that_cannot_stand_in_a_header_is_refused(key: str) -> None:
    with pytest.raises(errors.InvalidCredential) as caught:
        wire.check_key(SecretStr(key))
    assert not key or key not in str(caught.value)


@pytest.mark.parametrize(
    ("params", "query"),
    [
        ({"search": "an", "sort": None, "fields": "id,email"}, "search=an&fields=id,email"),
        ({"displayupdates": True}, "displayupdates"),
        ({"email": "a+b&c=d@example.com"}, "email=a%2Bb%26c%3Dd@example.com"),
        ({"sort": "lastname DESC"}, "sort=lastname%20DESC"),
        ({"search": "\ud800"}, "search=%3F"),
        ({}, ""),
    ],
)
def test_a_query_is_written_so_that_no_value_can_add_to_it(params: dict[str, Any], query: str) -> None:
    request = wire.request(URL("https://moodle.example.edu/sub"), KEY, "GET", "users", params)
    assert request.url.raw_path == "/sub/local/moopanel/server.php/users"
    assert request.url.raw_query_string == query
    assert "API_KEY" not in str(request.url)


def test_an_answer_that_does_not_fit_names_the_place_and_not_the_value() -> None:
    with pytest.raises(errors.BadResponse) as caught:
        wire.read("users", b'[{"id": "secret"}]', TypeAdapter(list[dict[str, int]]), KEY)
    assert "0.id" in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.binary(max_size=200), st.integers(100, 599))
def test_whatever_a_site_sends_is_json_or_an_error_of_this_package(body: bytes, status: int) -> None:
    with contextlib.suppress(errors.MooPanelError):
        wire.read("f", wire.answer("f", status, {}, body, KEY), TypeAdapter(object), KEY)
