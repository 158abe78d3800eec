"""No token and no ticket appears in logs, replies, exceptions or addresses, whatever is called and however it fails."""

import re
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from rpc_moodle.app import create_app
from rpc_moodle.methods import METHODS
from rpc_moodle.moodle import MoodleClient, MoodleError, assignments
from rpc_moodle.sandbox import Fault, Site
from rpc_moodle.sandbox import create_app as create_site
from rpc_moodle.sandbox.examples import EXAMPLES
from rpc_moodle.sandbox.moopanel import seed
from rpc_moodle.sandbox.seed import seeded_site, token_value
from rpc_moodle.settings import Settings
from tests.everything import NOT_A_TEACHERS, OF_PANEL, PLAIN
from tests.integration.conftest import Logs
from utils.client import connected
from utils.testing import running

Send = Callable[[str, object], Awaitable[dict[str, Any]]]

TOKEN = token_value("teacher_full")
NARROW = token_value("teacher_enrolonly")
UNKNOWN = "5ec4e7" * 5 + "00"
KEY = "key-that-seals-tickets"
SECRETS = (TOKEN, NARROW, UNKNOWN, KEY, seed.HASH, seed.SECRET)
# In this order a site is never taken to be down, which would hide the other faults.
FAULTS = (
    Fault.ERROR_BEFORE,
    Fault.HTML,
    Fault.CUT_BEFORE,
    Fault.RATE_LIMITED,
    Fault.TRUNCATED,
    Fault.HANG_BEFORE,
)


@dataclass
class Moodle:
    """A sandbox that notes the address and the headers of every request."""

    url: str
    site: Site
    heads: list[str]


@pytest.fixture
async def moodle() -> AsyncIterator[Moodle]:
    site, heads = seeded_site(wider=True), list[str]()

    @web.middleware
    async def note(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        # MooPanel's plugin reads its key in this header, and nowhere else.
        headers = {name: value for name, value in request.headers.items() if name != "X-API-KEY"}
        heads.append(f"{request.method} {request.raw_path} {headers}")
        return await handler(request)

    app = create_site(site)
    app.middlewares.insert(0, note)
    server = TestServer(app)
    await server.start_server(access_log=None)
    yield Moodle(str(server.make_url("/")), site, heads)
    await server.close()


def found_in(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def _about(event: str, payload: Any) -> Any:
    """Give a method of MooPanel what it needs, and no other keys: it refuses those that look misspelt."""
    if event not in OF_PANEL or not isinstance(payload, dict):
        return payload
    return {**EXAMPLES[event].payload, "options": payload["options"], "progressId": "p"}


async def call_everything(moodle: Moodle, send: Send) -> list[dict[str, Any]]:
    """Call every event in ways that succeed and in ways that fail; the replies."""
    replies = []
    moodle.site.panel.api_key = TOKEN
    ids = {"courseID": 2, "assignmentID": 8}
    good: dict[str, Any] = {"url": moodle.url, "apiKey": TOKEN}
    listed = await send("getSubmissionsInfosFromAssignment", {**ids, "options": good})
    urls = [row["files"][0]["fileurl"] for row in listed["data"][:2]]
    plain = [f"{url.partition('?')[0]}?token={TOKEN}" for url in urls]
    everything: dict[str, Any] = {
        **ids,
        "fileUrls": urls,
        "feedback": [{"extId": 5, "text": "Well done."}],
        "grades": [{"extId": 5, "grade": 50}],
        "options": good,
        "progressId": "p",
    }
    ways: tuple[Any, ...] = (
        everything,
        {**everything, "fileUrls": plain, "options": {}},
        {**everything, "fileUrls": plain, "detailed": True},
        {**everything, "fileUrls": [urls[0] + "x", f"{plain[0]}x", f"ftp://host/pluginfile.php/1?token={TOKEN}"]},
        {**everything, "options": {**good, "apiKey": UNKNOWN}},
        {**everything, "options": {**good, "apiKey": NARROW}},
        {**everything, "options": {**good, "apiKey": f"{TOKEN}\n"}},
        {**everything, "options": {**good, "apiKey": {"token": TOKEN}}},
        {**everything, "options": {**good, "apiKey": [TOKEN]}},
        {**everything, "options": {**good, "timeoutMs": TOKEN}},
        {**everything, "options": {**good, "url": f"{moodle.url}?wstoken={TOKEN}"}},
        {**everything, "options": {**good, "url": f"http://{TOKEN}:{TOKEN}@127.0.0.1"}},
        {**everything, "options": {**good, "url": f"http://127.0.0.1:9/{TOKEN}"}, "fileUrls": []},
        {**everything, "courseID": TOKEN, "feedback": TOKEN, "fileUrls": TOKEN},
        {**everything, "courseID": 4711},
        {**everything, "options": TOKEN},
        [TOKEN],
        TOKEN,
    )
    # Some of MooPanel's, which all go one way: more failures in a row, and the site would be left alone.
    struck = {"moopanel.getUsers", "moopanel.createBackups"} | ({*METHODS.events} - OF_PANEL - PLAIN)
    for event in (event for event in METHODS.events if event not in PLAIN):
        answers = [
            await send(event, _about(event, payload))
            for payload in (ways if event in struck else (ways[0], *ways[4:9]))
        ]
        assert answers[0]["success"], f"give {event} what it needs in 'everything': {answers[0]}"
        replies += answers
    for event in PLAIN:
        payload = {**EXAMPLES[event].payload, "options": good}
        reply = await send(event, payload)
        assert reply["success"] or (event in NOT_A_TEACHERS and reply["error"]["code"] != "invalid_request"), reply
        replies += [reply, await send(event, {**payload, "options": {**good, "apiKey": UNKNOWN}})]
    hurried = {**everything, "options": {**good, "timeoutMs": 50}}
    for fault in FAULTS:
        moodle.site.fault = lambda _, fault=fault: fault
        replies += [
            await send(name, _about(name, hurried)) for name in sorted(struck & {method.name for method in METHODS})
        ]
    moodle.site.fault = None
    replies += [await send(name, {}) for name in (TOKEN, f"get{TOKEN}", f"call?token={TOKEN}", f'"apiKey":"{TOKEN}"')]
    return replies


@pytest.mark.usefixtures("quick_looks")
@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_nothing_that_is_said_holds_a_secret(
    moodle: Moodle, logs: Logs, log_format: Literal["json", "console"]
) -> None:
    settings = Settings(log_level="debug", log_format=log_format, ticket_keys=(SecretStr(KEY),))
    log = logs(settings)
    async with running(create_app(settings)) as url, connected(url) as backend:
        replies = await call_everything(moodle, backend.call)
    answered = {reply["error"]["code"] if not reply["success"] else "ok" for reply in replies}
    assert answered >= {"ok", "invalid_request", "unknown_method", "invalid_token", "access_denied", "not_found"}
    assert answered >= {"unreachable", "site_unavailable", "bad_response", "rate_limited", "timeout"}
    assert "internal" not in answered

    for reply in replies:
        assert not found_in(repr(reply)), reply
        assert reply["success"] or not re.search("ticket=|https?://", reply["message"]), reply
    tickets = {ticket for reply in replies for ticket in re.findall(r"ticket=([\w-]+)", repr(reply))}
    assert tickets
    said = log.getvalue()
    assert len(said.splitlines()) > len(replies), "each call leaves a line, whatever the log's format"
    for line in said.splitlines():
        assert not found_in(line), line
    assert not [ticket for ticket in tickets if ticket[:60] in said]
    assert {TOKEN, NARROW, UNKNOWN} <= {request.token for request in moodle.site.requests}
    for head in moodle.heads:
        assert not found_in(head), head
        assert "ticket" not in head


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_the_traceback_of_a_bug_holds_no_secret(
    moodle: Moodle, logs: Logs, log_format: Literal["json", "console"], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(moodle: MoodleClient, course_id: int) -> None:
        token_of_this_frame = moodle.token.get_secret_value()
        raise RuntimeError(f"a bug with {len(token_of_this_frame)} characters")

    monkeypatch.setattr(assignments, "course", broken)
    settings = Settings(log_level="debug", log_format=log_format)
    log = logs(settings)
    async with running(create_app(settings)) as url, connected(url) as backend:
        payload = {"courseID": 2, "options": {"url": moodle.url, "apiKey": TOKEN}}
        reply = await backend.call("getAssignmentInfoFromCourse", payload)
    assert reply["error"]["code"] == "internal"
    assert reply["error"]["details"]["id"] in log.getvalue()
    assert "a bug with 32 characters" in log.getvalue()
    assert "a bug" not in repr(reply)
    assert not found_in(log.getvalue() + repr(reply))


@pytest.mark.parametrize("fault", [Fault.NONE, *(fault for fault in FAULTS if fault is not Fault.HANG_BEFORE)])
async def test_no_exception_of_the_adapter_holds_a_token(moodle: Moodle, fault: Fault) -> None:
    moodle.site.fault = lambda _: fault
    for token, site in ((UNKNOWN, moodle.url), (TOKEN, moodle.url), (TOKEN, "http://127.0.0.1:9")):
        async with MoodleClient(site, token, remaining=lambda: 0) as client:
            assert not found_in(repr(client) + repr(vars(client)))
            with pytest.raises(MoodleError) as raised:
                await assignments.course(client, 4711)
        shown = "".join(traceback.format_exception(raised.value))
        error: BaseException | None = raised.value
        while error is not None:
            shown += f"{error!s} {error!r} {error.args!r} {vars(error)!r}"
            error = error.__cause__ or error.__context__
        assert not found_in(shown)


def test_credentials_that_cannot_be_right_are_not_repeated() -> None:
    for url, token in ((f"http://{TOKEN}@host", TOKEN), ("https://host", f"{TOKEN}\n"), (f"ftp://{TOKEN}", TOKEN)):
        with pytest.raises(MoodleError) as raised:
            MoodleClient(url, token)
        assert not found_in("".join(traceback.format_exception(raised.value)))


def test_settings_do_not_show_their_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RPC_MOODLE_TICKET_KEYS", KEY)
    settings = Settings()
    assert settings.ticket_keys[0].get_secret_value() == KEY
    assert not found_in(f"{settings} {settings!r} {settings.model_dump()} {settings.model_dump_json()}")
