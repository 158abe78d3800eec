"""Every error is read here as a person reads it."""

import asyncio
import re

import pytest

from rpc_moodle.errors import CODES
from tests.errors.triggers import CASES, Case, all_of
from utils.contract import Envelope
from utils.errors import CODES as KIT_CODES

AGAIN = {"unreachable", "timeout", "site_unavailable", "rate_limited"}


Replies = list[tuple[Case, Envelope]]


@pytest.fixture(scope="module")
def replies() -> Replies:
    return asyncio.run(all_of())


def test_every_code_is_triggered() -> None:
    assert {case.code for case in CASES} == {code.name for code in (*KIT_CODES, *CODES)}


def test_every_error_is_the_one_that_is_said_and_reads_as_a_sentence(replies: Replies) -> None:
    faults: list[str] = []
    for case, reply in replies:
        error = reply["error"]
        if error["code"] != case.code:
            faults.append(f"{case.done}: {error['code']} in place of {case.code}")
        faults += [f"{case.done}: {fault}: {reply['message']}" for fault in unclear(reply["message"])]
    assert faults == []


def unclear(text: str) -> list[str]:
    """What a reader would stumble over."""
    rules = {
        "no full stop": not text.endswith((".", "…")),
        "two sentences in one": bool(re.search(r"[.;:,]{2}|\.; |[a-z] [A-Z][a-z]+ again", text)),
        "the same words twice": len(re.findall(r"and call again|more in details", text)) > 1,
        "a name hidden": "more in details" in text,
        "a pattern in place of words": "pattern" in text or "^" in text,
        "too long": len(text) > 400,
        "no helper for a person": "should" in text,
        "a key": bool(re.search(r"[0-9a-f]{32}", text)),
    }
    return [rule for rule, broken in rules.items() if broken]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("courseID is empty; correct it and call again. correct it and call again.", "the same words twice"),
        ("The site is down Call again.", "two sentences in one"),
        ("courseID is missing (1 more in details.fields).", "a name hidden"),
        ("x must match '^[a]$'.", "a pattern in place of words"),
    ],
)
def test_what_a_reader_stumbles_over_is_seen(text: str, fault: str) -> None:
    assert fault in unclear(text)


def test_calling_again_is_said_to_help_where_it_does(replies: Replies) -> None:
    passing = [reply for case, reply in replies if case.code in AGAIN or "breaks off" in case.done]
    assert [reply["error"]["retryable"] for reply in passing] == [True] * len(passing)


def test_an_address_that_is_no_moodle_stays_none_however_often_it_is_called(replies: Replies) -> None:
    wrong = {"a redirect", "an address that is no Moodle", "a page in place of JSON"}
    assert [reply["error"]["retryable"] for case, reply in replies if case.done in wrong] == [False] * 3
