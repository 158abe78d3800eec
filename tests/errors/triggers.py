"""Every error that a caller can read, really triggered: what is done, and the reply that comes."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from rpc_moodle.app import create_app, create_dispatcher, create_tickets
from rpc_moodle.moodle import Http
from rpc_moodle.moodle.files.url import site_of
from rpc_moodle.sandbox import Fault, Harm, Mode, Sandbox
from rpc_moodle.settings import Settings
from rpc_moodle.transport.guard import Guard
from tests.moodle import faulty
from tests.moodle.faulty import FaultySite
from utils.client import connected
from utils.contract import Envelope
from utils.dispatch import Dispatcher
from utils.registry import Registry
from utils.testing import call, running

USERS, SUBMISSIONS, DOWNLOAD = "getUsersFromCourse", "getSubmissionsInfosFromAssignment", "downloadSubmissionsFromUser"
PUBLISH, GRADES = "publishAssignmentTextFeedback", "publishGrades"


@dataclass
class House:
    """What errors are triggered with: a site, and the service in process."""

    sandbox: Sandbox
    service: Dispatcher
    strict: Dispatcher

    async def ask(self, event: str, *, by: Dispatcher | None = None, **payload: Any) -> Envelope:
        """Call a method; ``options`` come on top of the right ones."""
        given = {"url": self.sandbox.url, "apiKey": self.sandbox.token("teacher_full")}
        options = {**given, **payload.pop("options", {})}
        return await call(by or self.service, event, {"courseID": 2, **payload, "options": options})


Trigger = Callable[[House], Awaitable[Envelope]]


@dataclass(frozen=True)
class Case:
    """One way to get an error: what was done, the code that answers it, and how."""

    done: str
    code: str
    trigger: Trigger = field(repr=False)


@asynccontextmanager
async def house() -> AsyncIterator[House]:
    """Open everything."""
    async with AsyncExitStack() as stack:
        sandbox = await stack.enter_async_context(Sandbox())
        await sandbox.listen_untrusted()
        http = await stack.enter_async_context(Http(total_seconds=5, read_seconds=1))
        guarded = await stack.enter_async_context(Http(guard=Guard(private=False)))
        settings = Settings()
        tickets = create_tickets(settings)
        yield House(
            sandbox,
            create_dispatcher(settings, http, tickets),
            create_dispatcher(settings, guarded, tickets),
        )


def asking(event: str = USERS, **payload: Any) -> Trigger:
    """Call with a payload of one's own."""

    async def ask(where: House) -> Envelope:
        return await where.ask(event, **payload)

    return ask


def with_key(name: str, event: str = USERS, **payload: Any) -> Trigger:
    """Call with the key of a recorded account."""

    async def ask(where: House) -> Envelope:
        return await where.ask(event, options={"apiKey": where.sandbox.token(name)}, **payload)

    return ask


def suffering(fault: Fault | Harm, event: str = USERS, **payload: Any) -> Trigger:
    """Call while every request to the site meets a fault."""

    async def ask(where: House) -> Envelope:
        where.sandbox.site.fault = lambda _: fault
        try:
            return await where.ask(event, **payload)
        finally:
            where.sandbox.site.fault = lambda _: Fault.NONE

    return ask


def in_mode(mode: Mode) -> Trigger:
    """Call while the administrator has done something to the site."""

    async def ask(where: House) -> Envelope:
        where.sandbox.site.mode = mode
        try:
            return await where.ask(USERS)
        finally:
            where.sandbox.site.mode = Mode.NORMAL

    return ask


def at(url: Callable[[House], str]) -> Trigger:
    """Call another address."""

    async def ask(where: House) -> Envelope:
        return await where.ask(USERS, options={"url": url(where)})

    return ask


def _port(where: House) -> str:
    return where.sandbox.url.rpartition(":")[2]


async def _guarded(where: House) -> Envelope:
    return await where.ask(USERS, by=where.strict)


async def _stopping(where: House) -> Envelope:
    where.service.draining = True
    try:
        return await where.ask(USERS)
    finally:
        where.service.draining = False


async def _without_box(where: House) -> Envelope:
    rows = (await where.ask(SUBMISSIONS, assignmentID=8))["data"]
    files = [file["fileurl"].partition("?")[0] for row in rows for file in row["files"]][:3]
    options = {"apiKey": where.sandbox.token("teacher_nodownload")}
    return await where.ask(DOWNLOAD, fileUrls=files, options=options)


async def _changed_ticket(where: House) -> Envelope:
    rows = (await where.ask(SUBMISSIONS, assignmentID=8))["data"]
    return await where.ask(DOWNLOAD, fileUrls=[rows[0]["files"][0]["fileurl"][:-9] + "tampered1"])


async def _many_files(where: House) -> Envelope:
    return await where.ask(DOWNLOAD, fileUrls=["https://moodle.example.edu/pluginfile.php/1/a/b/1/x.pdf"] * 11)


async def _one_user_fails(where: House) -> Envelope:
    feedback = [{"extId": 5, "text": "Well argued."}, {"extId": 99999, "text": "Nobody."}]
    return await where.ask(PUBLISH, assignmentID=8, feedback=feedback, dryRun=True)


async def _bug(_where: House) -> Envelope:
    methods = Registry()

    @methods.method("broken")
    async def broken(request: object, call: object) -> None:
        raise ZeroDivisionError

    return await call(methods, "broken", {})


async def _stranger(_where: House) -> Envelope:
    app = create_app(Settings(auth_tokens=(SecretStr("a-token-of-this-test"),)))
    async with running(app) as url, connected(url) as backend:
        return await backend.call("call", {})


async def _odd_error(where: House) -> Envelope:
    async with faulty.serving(FaultySite()) as site:
        site.plan = [faulty.moodle_error("nocriteriaset")]
        options = {"url": str(site_of(site.url)), "apiKey": faulty.TOKEN.get_secret_value()}
        return await where.ask(DOWNLOAD, fileUrls=[str(site.url)], options=options)


_FEEDBACK = {"assignmentID": 8, "feedback": [{"extId": 5, "text": "Well argued."}]}
_TWICE = {"assignmentID": 8, "feedback": [{"extId": 5, "text": "a"}, {"extId": 5, "text": "b"}]}
_EMPTY = {"assignmentID": 8, "feedback": [{"extId": 5, "text": " "}]}
_OLDER = {"assignmentID": 8, "feedback_data": [{"text": "a"}]}
_IN_WORDS = {"assignmentID": 8, "grades": [{"extId": 5, "grade": "good"}], "dryRun": True}
_UNKNOWN_KEY = {"apiKey": "0123456789abcdef0123456789abcdef"}
_ESSAY = {"assignmentID": 8}

CASES = (
    Case("no payload", "invalid_request", lambda where: call(where.service, USERS)),
    Case("a payload that is a list", "invalid_request", lambda where: call(where.service, USERS, [1])),
    Case("two arguments", "invalid_request", lambda where: call(where.service, USERS, {}, {})),
    Case("a course without a number", "invalid_request", asking(courseID="essay")),
    Case("course 0", "invalid_request", asking(courseID=0)),
    Case("course 1.5", "invalid_request", asking(courseID=1.5)),
    Case("course true", "invalid_request", asking(courseID=True)),
    Case("no assignment", "invalid_request", asking(SUBMISSIONS)),
    Case("three things wrong at once", "invalid_request", asking(SUBMISSIONS, courseID="", options={"apiKey": " "})),
    Case("an empty URL", "invalid_request", asking(options={"url": ""})),
    Case("a URL with a space", "invalid_request", asking(options={"url": "https://moodle example.edu"})),
    Case("a URL of another scheme", "invalid_request", asking(options={"url": "ftp://moodle.example.edu"})),
    Case("a URL with a password", "invalid_request", asking(options={"url": "https://a:b@moodle.example.edu"})),
    Case("an empty API key", "invalid_request", asking(options={"apiKey": ""})),
    Case("an API key with a space", "invalid_request", asking(options={"apiKey": "a b"})),
    Case("a time limit of 0", "invalid_request", asking(options={"timeoutMs": 0})),
    Case("a time limit in words", "invalid_request", asking(options={"timeoutMs": "soon"})),
    Case("a name of the call with a space", "invalid_request", asking(options={"callId": "my call"})),
    Case("a language that is none", "invalid_request", asking(options={"language": "german language"})),
    Case("a download of nothing", "invalid_request", asking(DOWNLOAD, courseID=None)),
    Case("a stream without a socket", "invalid_request", asking(DOWNLOAD, fileUrls=[], stream=True)),
    Case("a file that is none of Moodle's", "invalid_request", asking(DOWNLOAD, fileUrls=["https://example.edu/x"])),
    Case(
        "feedback for the same user twice",
        "partial_failure",
        asking(PUBLISH, **_TWICE),
    ),
    Case(
        "feedback with an empty text",
        "partial_failure",
        asking(PUBLISH, **_EMPTY),
    ),
    Case(
        "feedback under its older name, without a user",
        "partial_failure",
        asking(PUBLISH, **_OLDER),
    ),
    Case("a misspelt switch of a call that writes", "invalid_request", asking(PUBLISH, **_FEEDBACK, dryrun=True)),
    Case(
        "a grade in words where there is no scale",
        "partial_failure",
        asking(GRADES, **_IN_WORDS),
    ),
    Case("a method that there is not", "unknown_method", asking("getUser")),
    Case("a socket without a token", "unauthorized", _stranger),
    Case("an API key that nobody knows", "invalid_token", asking(options=_UNKNOWN_KEY)),
    Case("a ticket that was changed", "invalid_token", _changed_ticket),
    Case("an API key that has expired", "access_denied", with_key("teacher_expired")),
    Case("an API key bound to another address", "access_denied", with_key("teacher_wrongip")),
    Case(
        "an API key without the function", "access_denied", with_key("teacher_enrolonly", SUBMISSIONS, assignmentID=8)
    ),
    Case("a student's API key", "access_denied", with_key("student_full", SUBMISSIONS, assignmentID=8)),
    Case("an API key that may not fetch files", "access_denied", _without_box),
    Case("a course that there is not", "not_found", asking(courseID=99999)),
    Case("an assignment that there is not", "not_found", asking(SUBMISSIONS, assignmentID=99999)),
    Case("the instance id in place of the number in the address", "not_found", asking(SUBMISSIONS, assignmentID=1)),
    Case("a publication that nobody knows", "not_found", asking("getPublication", progressId="none")),
    Case("a site that the operator does not allow", "host_not_allowed", _guarded),
    Case("a host that does not resolve", "unreachable", at(lambda _: "https://moodle.invalid")),
    Case("a port where nothing listens", "unreachable", at(lambda _: "http://127.0.0.1:9")),
    Case(
        "a site of plain HTTP, pasted without its scheme", "unreachable", at(lambda where: f"127.0.0.1:{_port(where)}")
    ),
    Case("a self-signed certificate", "unreachable", at(lambda where: where.sandbox.untrusted_url)),
    Case("a connection that breaks", "unreachable", suffering(Fault.CUT_BEFORE)),
    Case("a site that answers nothing", "timeout", suffering(Fault.HANG_BEFORE, options={"timeoutMs": 50})),
    Case("a site that is silent for too long", "timeout", suffering(Fault.HANG_BEFORE)),
    Case("a site in maintenance", "site_unavailable", in_mode(Mode.MAINTENANCE)),
    Case("a site in maintenance by its command line", "site_unavailable", in_mode(Mode.CLI_MAINTENANCE)),
    Case("web services switched off", "site_unavailable", in_mode(Mode.WEBSERVICES_DISABLED)),
    Case("REST switched off", "site_unavailable", in_mode(Mode.REST_DISABLED)),
    Case("an answer 500", "site_unavailable", suffering(Fault.ERROR_BEFORE)),
    Case("an answer 429", "rate_limited", suffering(Harm(Fault.STATUS, status=429, retry_after=30))),
    Case("a service that is stopping", "rate_limited", _stopping),
    Case("a page in place of JSON", "bad_response", suffering(Fault.HTML)),
    Case("an address that is no Moodle", "bad_response", at(lambda where: f"{where.sandbox.url}/nowhere")),
    Case("a redirect", "bad_response", suffering(Fault.REDIRECT_AWAY)),
    Case("broken JSON", "bad_response", suffering(Fault.INVALID_JSON)),
    Case("an answer that breaks off", "bad_response", suffering(Fault.TRUNCATED)),
    Case("eleven files in one reply", "too_large", _many_files),
    Case("10,001 users to publish to", "too_large", asking(PUBLISH, assignmentID=8, feedback=[{}] * 10_001)),
    Case("one user of two that cannot be published to", "partial_failure", _one_user_fails),
    Case("an errorcode of Moodle's that has no code of its own", "moodle_error", _odd_error),
    Case("a bug in the service", "internal", _bug),
)
"""Each way."""


async def all_of() -> list[tuple[Case, Envelope]]:
    """Trigger them one after the other."""
    async with house() as where:
        return [(case, await case.trigger(where)) for case in CASES]
