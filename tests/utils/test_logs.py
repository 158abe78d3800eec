"""Logs are whole, in one form, and hold no secret."""

import io
import logging

import pytest
import structlog

from tests.utils.conftest import Logs
from utils.logs import configure, for_eyes
from utils.settings import KitSettings

SECRET = "5ecret"


@pytest.mark.parametrize(
    "key",
    ["token", "wstoken", "apiKey", "api_key", "password", "authorization", "ticket", "secret", "auth_tokens", "TOKEN"],
)
def test_a_key_that_names_a_secret_hides_its_value(logs: Logs, key: str) -> None:
    structlog.get_logger().info("x", **{key: SECRET}, deep=[{"deeper": {key: [SECRET]}}])
    assert SECRET not in logs.getvalue()
    assert logs.lines[0][key] == "***"


@pytest.mark.parametrize(
    "text",
    [
        f"https://moodle.example/webservice/rest/server.php?wstoken={SECRET}&wsfunction=x",
        f"https://moodle.example/pluginfile.php/1/f.pdf?token={SECRET}",
        f"https%3A%2F%2Fmoodle.example%2F%3Ftoken%3D{SECRET}",
        f"{{'apiKey': '{SECRET}'}}",
        f'{{"token": "{SECRET}", "x": 1}}',
        f'"{{\\"token\\": \\"{SECRET}\\"}}"',
        f"Authorization: Bearer {SECRET}",
        f"authorization={SECRET}",
        f"password = {SECRET}",
        f"GET /files/{SECRET} HTTP/1.1",
        f"/archives/{SECRET}?x=1",
    ],
)
def test_a_secret_in_a_text_is_hidden(logs: Logs, text: str) -> None:
    structlog.get_logger().info(text, other=text, deep={"list": [text]})
    logging.getLogger("aiohttp").warning("failed: %s", text)
    try:
        raise ValueError(text)
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("asyncio").exception("failed")
    assert SECRET not in logs.getvalue()
    assert len(logs.lines) == 4


def test_what_names_no_secret_is_left_alone(logs: Logs) -> None:
    structlog.get_logger().info("3 users of course 5 in https://moodle.example/?id=5", key="value", size=b"1234")
    line = logs.lines[0]
    assert line["event"] == "3 users of course 5 in https://moodle.example/?id=5"
    assert (line["key"], line["size"]) == ("value", "4 bytes")


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_tracebacks_show_no_local_variables(log_format: str, logs: Logs) -> None:
    stream = io.StringIO()
    configure(KitSettings.model_validate({"log_format": log_format}), stream=stream)

    def broken() -> None:
        swordfish = "value-of-a-local"
        raise ValueError(len(swordfish))

    try:
        broken()
    except ValueError:
        structlog.get_logger().exception("failed")
    assert "ValueError: 16" in stream.getvalue()
    assert "value-of-a-local" not in stream.getvalue()


def test_the_level_holds_for_both_kinds_of_logger(logs: Logs) -> None:
    stream = io.StringIO()
    configure(KitSettings(log_level="warning"), stream=stream)
    for log in (structlog.get_logger(), logging.getLogger("aiohttp")):
        log.info("hidden")
        log.warning("shown")
    assert "hidden" not in stream.getvalue()
    assert stream.getvalue().count("shown") == 2


def test_a_stream_that_is_no_terminal_gets_json(logs: Logs) -> None:
    stream = Logs()
    configure(KitSettings(), stream=stream)
    structlog.get_logger("here").info("hello", who="you")
    line = stream.lines[0]
    assert (line["event"], line["who"], line["level"], line["logger"]) == ("hello", "you", "info", "here")
    assert line["timestamp"].endswith("Z")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            {
                "event": "call",
                "level": "warning",
                "timestamp": "2026-11-21T12:25:39.123456Z",
                "logger": "utils.dispatch",
                "call_id": "7ae01008fd46",
                "caller": "abc",
                "method": "getSubmissionsInfosFromAssignment",
                "outcome": "access_denied",
                "duration_ms": 412.49,
                "host": "moodle.example.edu",
            },
            "12:25:39 ! getSubmissionsInfosFromAssignment access_denied 412ms moodle.example.edu id=7ae01008fd46",
        ),
        ({"event": "call", "method": None, "outcome": "unknown_method"}, "   (no method) unknown_method"),
        ({"event": "request", "function": "f", "duration_ms": 3.0, "attempt": 2}, "   f (no answer) 3ms attempt=2"),
        ({"event": "request", "function": "f", "status": 200, "bytes": 7, "attempt": 1}, "   f 200 bytes=7"),
        ({"event": "x", "level": "error", "exception": "Traceback …"}, " !! x\nTraceback …"),
    ],
)
def test_a_line_for_eyes_fits_a_terminal_and_begins_with_method_and_outcome(
    event: dict[str, object], line: str
) -> None:
    assert for_eyes(event) == line
    assert len(line) <= 100
