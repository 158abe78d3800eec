"""No call keeps the service from serving others: its own watchdog stays silent while it does large things."""

import asyncio
from typing import Any, get_args

import aiohttp

from rpc_moodle.methods import METHODS
from rpc_moodle.moopanel.models import UserColumn
from rpc_moodle.sandbox import Repeated, Sandbox, StoredFile
from tests.everything import OF_PANEL, PLAIN
from tests.service_process import MOST_BUSY, serving
from utils.client import connected

MIB = 1024 * 1024
LARGE = {"courseID": 5, "assignmentID": 22}
"""The seeded course and assignment of thousands."""


def large_site() -> Sandbox:
    """5,000 students, some with a submission; ten large files, and one that is larger than any reply."""
    sandbox = Sandbox(users=5000)
    assignment = sandbox.site.by_cmid(LARGE["assignmentID"])
    assert assignment is not None
    for number, row in enumerate(list(assignment.submissions.values())[:11]):
        size = 6 * MIB if number < 10 else 128 * MIB
        row.files = [StoredFile(f"large{number}.bin", Repeated(bytes(range(256)), size))]
    return sandbox


STUDENTS = range(37, 537)
ITEMS = [{"extId": number, "text": "Well argued. " * 100, "grade": 50} for number in STUDENTS]
READS: dict[str, dict[str, Any]] = {
    "call": {"anything": ["x" * 1000] * 1000},
    "getUsersFromCourse": LARGE,
    "getUsersFromAssignment": LARGE,
    "getAssignmentInfoFromCourse": LARGE,
    "getSubmissionsInfosFromAssignment": LARGE,
    "createSubmissionsArchive": LARGE,
    "getUsersLastAccess": LARGE,
    "getGradeItems": LARGE,
    "getGradesOfAssignment": LARGE,
    "getDeadlines": LARGE,
    "moopanel.getUsers": {"fields": get_args(UserColumn)},
}
SMALL = {*PLAIN, "checkSetup"} - {*READS}
"""Those whose answers are small, however large the course."""
WRITES: dict[str, dict[str, Any]] = {
    "publishAssignmentTextFeedback": {**LARGE, "feedback": ITEMS, "progressId": "large"},
    "publishGrades": {**LARGE, "grades": ITEMS},
    "getPublication": {"progressId": "large"},
}
DOWNLOAD = "downloadSubmissionsFromUser"


async def test_large_calls_of_all_methods_leave_the_loop_turning() -> None:
    assert {method.name for method in METHODS} <= {*READS, *WRITES, DOWNLOAD, *SMALL} | OF_PANEL
    async with large_site() as sandbox, serving() as service:
        panel = sandbox.site.panel
        panel.api_key = sandbox.token("admin_full")
        panel.users = [{**panel.users[0], "id": str(number)} for number in range(5000)]
        options = {"url": sandbox.url, "apiKey": sandbox.token("admin_full"), "timeoutMs": 60_000}
        async with connected(service.url, transports=["websocket"]) as backend:
            backend.on("file", lambda _piece: True)

            async def call(event: str, **payload: object) -> Any:
                reply = await backend.call(event, {**payload, "options": options}, seconds=90)
                assert reply["success"], (event, reply["message"])
                return reply["data"]

            data = {event: await call(event, **payload) for event, payload in READS.items()}
            await asyncio.gather(*(call(event, **payload) for event, payload in READS.items()))
            files = [row["files"][0]["fileurl"] for row in data["getSubmissionsInfosFromAssignment"][:11]]
            await call(DOWNLOAD, fileUrls=files[:10])
            await call(DOWNLOAD, fileUrls=files, stream=True)
            for event, payload in WRITES.items():
                if METHODS.find(event):
                    await call(event, **payload)

        assert len(data["getUsersFromCourse"]) > 5000
        archive = service.url + data["createSubmissionsArchive"]["path"]
        async with aiohttp.ClientSession() as session, session.get(archive) as response:
            assert sum([len(piece) async for piece in response.content.iter_any()]) > 180 * MIB
        service.process.terminate()
        await service.until_logged("stopped")
    blocks = [line for line in service.logged if line["event"] == "loop_blocked"]
    assert [line for line in blocks if line["busy_ms"] > MOST_BUSY * 1000] == []
