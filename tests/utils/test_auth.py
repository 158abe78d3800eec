"""Who is let in, and when a service starts without asking."""

from typing import Any

import pytest
from pydantic import SecretStr

from utils.auth import Gate, bearer, is_loopback, reason_not_to_start
from utils.settings import KitSettings

EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing listens
GATE = Gate([SecretStr("old-token"), SecretStr("new-token"), SecretStr("ü\ud800")])


@pytest.mark.parametrize(
    "shown", [("old-token",), ("new-token",), (None, "new-token"), ("wrong", "old-token"), ("ü\ud800",)]
)
def test_each_of_the_tokens_opens(shown: tuple[object, ...]) -> None:
    assert GATE.admits(*shown)


@pytest.mark.parametrize(
    "shown",
    [(), (None,), ("",), ("old-token ",), ("old-toke",), ("OLD-TOKEN",), (b"old-token",), (["old-token"],), (True,)],
)
def test_nothing_else_opens(shown: tuple[object, ...]) -> None:
    assert not GATE.admits(*shown)


def test_a_gate_without_tokens_is_open() -> None:
    assert Gate().admits()
    assert not Gate().closed
    assert GATE.closed


def test_no_token_is_shown_by_the_gate_or_the_settings() -> None:
    assert "old-token" not in repr(vars(GATE)) + repr(KitSettings(auth_tokens=(SecretStr("old-token"),)))


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Basic abc", None),
        ("abc", None),
        ("Bearer", ""),
        ("", None),
        (None, None),
    ],
)
def test_a_bearer_is_read_from_its_header(header: str | None, token: str | None) -> None:
    assert bearer(header) == token


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost", "LOCALHOST."])
def test_a_loopback_address_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "", "10.0.0.1", "localhost.example", "rpc_moodle"])
def test_any_other_address_is_not_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("settings", "starts"),
    [
        ({}, True),
        ({"host": EVERYWHERE}, False),
        ({"host": EVERYWHERE, "auth": "off"}, True),
        ({"host": EVERYWHERE, "auth_tokens": "a,b"}, True),
        ({"host": "::"}, False),
    ],
)
def test_a_service_that_is_open_to_all_starts_only_if_it_is_told_to(settings: dict[str, Any], starts: bool) -> None:
    assert (reason_not_to_start(KitSettings(**settings)) is None) == starts


def test_the_reason_names_both_remedies() -> None:
    reason = reason_not_to_start(KitSettings(host=EVERYWHERE))
    assert reason is not None
    assert "AUTH_TOKENS" in reason
    assert "AUTH=off" in reason
