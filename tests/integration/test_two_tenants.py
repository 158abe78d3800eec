"""Two services, two tenants, one site that fails at random: nothing foreign, no silence, no acknowledged write lost."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import pytest
from pydantic import SecretStr

from rpc_moodle.app import create_app
from rpc_moodle.sandbox import Fault, Rule, Sandbox, StoredFile
from rpc_moodle.sandbox.people import Course, Enrolment, Token, User
from rpc_moodle.sandbox.work import Assignment, Submission
from rpc_moodle.settings import Settings
from tests.integration.conftest import Logs
from utils.client import Client, connected
from utils.testing import running

STUDENTS, ROUNDS, ATTEMPTS = 24, 3, 3
ANSWERED = {
    "ok",
    "partial_failure",
    "bad_response",
    "rate_limited",
    "site_unavailable",
    "timeout",
    "unreachable",
}
"""The codes that a call to a sick site may be answered with."""

WEATHER = (
    Rule(fault=Fault.CUT_BEFORE, probability=0.03, seed=1),
    Rule(fault=Fault.CUT_AFTER, probability=0.03, seed=2),
    Rule(fault=Fault.STATUS_AFTER, probability=0.03, seed=3),
    Rule(fault=Fault.STATUS, probability=0.03, seed=4),
    Rule(fault=Fault.STATUS, probability=0.01, seed=5, status=429),
    Rule(fault=Fault.TRUNCATED, probability=0.02, seed=6),
    Rule(fault=Fault.HTML_AFTER, probability=0.02, seed=7),
    Rule(fault=Fault.HANG_BEFORE, probability=0.01, seed=8, function="core_enrol_*"),
    Rule(fault=Fault.DELAY, probability=0.1, seed=9, seconds=0.05),
)


@dataclass
class Tenant:
    """An account with a course of its own; ``mark`` is in all that belongs to it.

    ``told``: by student, the latest round whose text it was told to be stored.
    """

    mark: str
    number: int
    sandbox: Sandbox
    token: str
    told: dict[int, int] = field(default_factory=dict)

    @property
    def students(self) -> range:
        return range(10_000 * self.number, 10_000 * self.number + STUDENTS)

    @property
    def assignment(self) -> Assignment:
        return self.sandbox.site.assignments[2000 + self.number]

    def payload(self, **more: object) -> dict[str, Any]:
        options = {"url": self.sandbox.url, "apiKey": self.token, "timeoutMs": 5000}
        return {"courseID": 1000 + self.number, "assignmentID": self.assignment.cmid, "options": options, **more}


def move_in(sandbox: Sandbox, number: int) -> Tenant:
    site, mark, token = sandbox.site, f"Mark{number:03}x", f"{number:032x}"
    tenant = Tenant(mark, number, sandbox, token)
    teacher = 5000 + number
    for userid, role in ((teacher, "teacher"), *((student, "student") for student in tenant.students)):
        site.users[userid] = User(userid, f"{role}{userid}-{mark}", mark, f"{role}{userid}", f"{userid}@{mark}.example")
    course = Course(1000 + number, f"Course {mark}", mark)
    course.enrolments = {student: Enrolment(student, ["student"]) for student in tenant.students}
    course.enrolments[teacher] = Enrolment(teacher, ["editingteacher"])
    site.courses[course.id] = course
    assignment = Assignment(2000 + number, 3000 + number, 4000 + number, course.id, f"Essay {mark}")
    for student in tenant.students:
        row = Submission(student, student, 1, 1)
        row.files = [StoredFile(f"{mark}.txt", f"{mark} {student} ".encode() * 500)]
        assignment.add(row)
    site.assignments[assignment.id] = assignment
    site.tokens[token] = Token(token, teacher, "full")
    return tenant


@pytest.fixture
async def tenants() -> AsyncIterator[tuple[Tenant, Tenant]]:
    async with Sandbox(users=0) as sandbox:
        yield move_in(sandbox, 1), move_in(sandbox, 2)


@pytest.fixture
async def backends(logs: Logs) -> AsyncIterator[list[Client]]:
    """A backend at each of two services that share the key of their tickets, as replicas do."""
    settings = Settings(allow_private=True, ticket_keys=(SecretStr("shared-by-the-replicas"),), log_level="error")
    logs(settings)
    async with AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(running(create_app(settings))) for _ in range(2)]
        yield [await stack.enter_async_context(connected(url)) for url in urls]


class Load:
    """What all calls were answered with."""

    def __init__(self, strangers: dict[str, str]) -> None:
        self.codes: Counter[str] = Counter()
        self.strangers = strangers

    async def call(self, backend: Client, tenant: Tenant, event: str, **more: object) -> Any:
        """Make one call, which has to be answered, and with the tenant's own alone."""
        reply = await backend.call(event, tenant.payload(**more), seconds=30)
        code = "ok" if reply["success"] else reply["error"]["code"]
        self.codes[code] += 1
        assert code in ANSWERED, reply
        assert self.strangers[tenant.mark] not in repr(reply)
        return reply

    async def read(self, backend: Client, tenant: Tenant) -> None:
        for event in ("getUsersFromCourse", "getUsersFromAssignment", "getAssignmentInfoFromCourse"):
            reply = await self.call(backend, tenant, event)
            assert not reply["success"] or tenant.mark in repr(reply["data"])
        reply = await self.call(backend, tenant, "getSubmissionsInfosFromAssignment")
        if reply["success"]:
            urls = [row["files"][0]["fileurl"] for row in reply["data"][:3]]
            reply = await self.call(backend, tenant, "downloadSubmissionsFromUser", fileUrls=urls)
            assert not reply["success"] or all(tenant.mark.encode() in content for content in reply["data"])

    async def write(self, backend: Client, tenant: Tenant, students: list[int], number: int) -> None:
        """Publish until all are told to be there, or patience ends."""
        left = set(students)
        for _ in range(ATTEMPTS):
            feedback = [{"extId": each, "text": f"{tenant.mark} round {number} for {each}"} for each in sorted(left)]
            reply = await self.call(backend, tenant, "publishAssignmentTextFeedback", feedback=feedback)
            for row in (reply.get("data") or {}).get("results", ()):
                if row["status"] != "failed":
                    tenant.told[row["extId"]] = number
                    left.discard(row["extId"])
            if not left:
                return


async def test_two_tenants_at_two_services_with_a_site_that_fails_at_random(
    tenants: tuple[Tenant, Tenant], backends: list[Client]
) -> None:
    one, other = tenants
    site = one.sandbox.site
    site.faults.set(*WEATHER)
    load = Load({one.mark: other.mark, other.mark: one.mark})

    async def writer(tenant: Tenant, backend: Client, students: list[int]) -> None:
        for number in range(ROUNDS):
            await load.write(backend, tenant, students, number)

    async def reader(tenant: Tenant, backend: Client) -> None:
        for _ in range(ROUNDS):
            await load.read(backend, tenant)

    async with asyncio.timeout(100):
        await asyncio.gather(
            *(reader(tenant, backend) for tenant in tenants for backend in backends for _ in range(2)),
            *(
                writer(tenant, backend, list(tenant.students)[part::2])
                for tenant in tenants
                for part, backend in enumerate(backends)
            ),
        )
    site.faults.clear()

    assert load.codes["ok"] > sum(load.codes.values()) / 2
    assert sum(load.codes.values()) - load.codes["ok"] > 5, "the site did not fail"
    for tenant in tenants:
        assert len(tenant.told) > STUDENTS / 2
        for student, number in tenant.told.items():
            grade = tenant.assignment.grades[student, 0]
            text = grade.comment.text if grade.comment else ""
            stored = re.fullmatch(rf"{tenant.mark} round (\d+) for {student}", text)
            # A later one, of whose writing nobody could say what became, may have taken its place.
            assert stored, grade
            assert int(stored[1]) >= number, f"round {number} was said to be stored, and there is {stored[0]}"
    strangers = {one.token: other.mark, other.token: one.mark}
    assert not [seen for seen in site.requests if strangers[seen.token] in f"{seen.path} {seen.form}"]
