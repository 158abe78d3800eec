"""Two hundred interleaved calls of twenty accounts at four sites: each gets its own answers and nobody else's."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import Sandbox, StoredFile
from rpc_moodle.sandbox.people import Course, Enrolment, Token, User
from rpc_moodle.sandbox.work import Assignment, Submission
from rpc_moodle.settings import Settings
from tests.integration.conftest import Logs
from utils.client import Client, connected
from utils.testing import running

SITES, ACCOUNTS, ROUNDS = 4, 5, 2
CALLS_A_ROUND = 5


@dataclass(frozen=True)
class Account:
    """A teacher with a course, an assignment and a student of their own; ``mark`` is in all that belongs to them."""

    mark: str
    token: str
    sandbox: Sandbox
    number: int

    @property
    def course(self) -> int:
        return 1000 + self.number

    @property
    def cmid(self) -> int:
        return 3000 + self.number

    @property
    def context(self) -> int:
        return 4000 + self.number

    @property
    def student(self) -> int:
        return 6000 + self.number


def open_account(sandbox: Sandbox, number: int) -> Account:
    site = sandbox.site
    account = Account(f"Mark{number:03}x", f"{number:032x}", sandbox, number)
    teacher, student = 5000 + number, account.student
    for userid, role in ((teacher, "teacher"), (student, "student")):
        site.users[userid] = User(
            userid, f"{role}-{account.mark}", account.mark, role, f"{role}@{account.mark}.example"
        )
    course = Course(account.course, f"Course {account.mark}", account.mark)
    course.enrolments = {
        teacher: Enrolment(teacher, ["editingteacher"]),
        student: Enrolment(student, ["student"]),
    }
    site.courses[course.id] = course
    assignment = Assignment(2000 + number, account.cmid, account.context, course.id, f"Essay {account.mark}")
    row = Submission(7000 + number, student, 1, 1)
    row.files = [StoredFile(f"{account.mark}.txt", account.mark.encode())]
    assignment.add(row)
    site.assignments[assignment.id] = assignment
    site.tokens[account.token] = Token(account.token, teacher, "full")
    return account


@pytest.fixture
async def accounts() -> AsyncIterator[list[Account]]:
    async with AsyncExitStack() as stack:
        sandboxes = [await stack.enter_async_context(Sandbox(users=0)) for _ in range(SITES)]
        yield [open_account(sandboxes[number % SITES], number) for number in range(1, SITES * ACCOUNTS + 1)]


async def use(account: Account, backend: Client) -> dict[str, Any]:
    """Call every reading method, as far as possible at the same time; the data by event."""
    payload = {
        "courseID": account.course,
        "assignmentID": account.cmid,
        "options": {"url": account.sandbox.url, "apiKey": account.token},
    }

    async def data(event: str, **more: object) -> tuple[str, Any]:
        reply = await backend.call(event, {**payload, **more})
        assert reply["success"], reply
        return event, reply["data"]

    async def files() -> list[tuple[str, Any]]:
        event, rows = await data("getSubmissionsInfosFromAssignment")
        url = rows[0]["files"][0]["fileurl"]
        # The URL alone has to lead to the right site with the right token.
        return [(event, rows), await data("downloadSubmissionsFromUser", fileUrls=[url], options={})]

    *answers, downloaded = await asyncio.gather(
        data("getUsersFromCourse"), data("getUsersFromAssignment"), data("getAssignmentInfoFromCourse"), files()
    )
    return dict([*answers, *downloaded])


async def test_interleaved_calls_share_nothing(accounts: list[Account], logs: Logs) -> None:
    settings = Settings(log_level="debug", log_format="json")
    log = logs(settings)
    async with running(create_app(settings)) as url, connected(url) as one, connected(url) as other:
        uses = [(account, (one, other)[turn % 2]) for turn in range(ROUNDS) for account in accounts]
        answers = await asyncio.gather(*(use(account, backend) for account, backend in uses))
    marks = {account.mark for account in accounts}

    for (account, _), answer in zip(uses, answers, strict=True):
        assert len(answer) == CALLS_A_ROUND
        for event, data in answer.items():
            foreign = [mark for mark in marks - {account.mark} if mark in repr(data)]
            assert not foreign, f"{event} of {account.mark} holds what belongs to {foreign}"
            assert account.mark in repr(data)

    by_token = {account.token: account for account in accounts}
    for sandbox in {id(account.sandbox): account.sandbox for account in accounts}.values():
        for request in sandbox.requests:
            owner = by_token[request.token]
            assert owner.sandbox is sandbox, "a token came to a site that is not its own"
            strangers = [each for each in accounts if each is not owner]
            said = f"{request.path} {request.form}"
            assert not [each for each in strangers if each.mark in said or each.token in said]
            numbers = {value for key, value in request.form.items() if key.startswith("courseid")}
            assert numbers <= {str(owner.course)}
            assert not request.path.startswith("/webservice/pluginfile.php") or f"/{owner.context}/" in request.path

    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    calls = [line for line in lines if line["event"] == "call"]
    assert len(calls) == len(uses) * CALLS_A_ROUND == 200
    assert len({line["call_id"] for line in calls}) == len(calls)
    assert set(Counter(line["caller"] for line in calls).values()) == {100}
    assert set(Counter(line["method"] for line in calls).values()) == {40}
    for line in lines:
        if line["logger"] == "aiohttp.access":
            continue  # the sandboxes' own
        assert not [each for each in accounts if each.token in str(line) or each.mark in str(line)], line
