"""How fast feedback is published beside a bare client that posts as many requests, and with how much memory.

The site is a process of its own that knows just enough of Moodle and answers each request after 50 ms. The bare client
posts the very requests that the engine has made, eight side by side as it does, and looks at no answer. The status is
1 when publishing takes more than 1.3 times as long, or more memory for ten times as many users, or when a class
takes more than 20 requests on a site where a status takes 33 ms of the one worker.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import aiohttp
from aiohttp import web

from rpc_moodle.moodle import Http, MoodleClient, assignments
from rpc_moodle.moodle.publishing import Entry, Options, Publication
from rpc_moodle.sandbox import Sandbox, Stage
from rpc_moodle.sandbox.people import Service, Token
from rpc_moodle.sandbox.seed import BIG_COURSE, FIRST_OF_BIG, MORE, PUBLISHED

LATENCY = 0.05  # seconds
USERS = 200, 2000
PARALLEL = 8
MOST_TIME = 1.3  # of the bare client's
MOST_MEMORY = 24  # MiB more for 2,000 users than for 200: texts, results and the largest answers
CLASS = 300
BIG_CMID = 22
STATUS_COST = 0.033  # seconds of a live site's one worker
MOST_REQUESTS = 20  # for a class, with a key that may call everything
TEXT = "You have worked well, and the second part would gain from an example.\n" * 8
TOKEN = "0" * 32
REST = "/webservice/rest/server.php"
Form = dict[str, str]


class Site:
    """Comments of users in one assignment, and the functions that publishing calls."""

    def __init__(self, users: int, *, bulk: bool) -> None:
        self.users = range(10, 10 + users)
        self.bulk = bulk
        self.comments: dict[str, str] = {}

    async def answer(self, request: web.Request) -> web.Response:
        form = dict(parse_qsl((await request.read()).decode(), keep_blank_values=True))
        await asyncio.sleep(LATENCY)
        return web.Response(body=json.dumps(self._answer(form)).encode(), content_type="application/json")

    def _answer(self, form: Form) -> Any:  # noqa: PLR0911 - a table reads best as one
        match form["wsfunction"]:
            case "mod_assign_get_assignments":
                config = {"plugin": "comments", "subtype": "assignfeedback", "name": "enabled", "value": "1"}
                assignment = {"id": 1, "cmid": 8, "course": 2, "grade": 100, "configs": [config]}
                return {"courses": [{"id": 2, "assignments": [assignment]}], "warnings": []}
            case "core_course_get_course_module":
                return {"cm": {"id": 8, "advancedgrading": [{"area": "submissions", "method": None}]}}
            case "mod_assign_list_participants":
                return [{"id": user, "fullname": f"User {user}", "submitted": True} for user in self.users]
            case "mod_assign_get_grades":
                rows = [{"userid": int(user), "attemptnumber": 0, "grade": "-1.00000"} for user in self.comments]
                return {"assignments": [{"assignmentid": 1, "grades": rows}], "warnings": []}
            case "mod_assign_get_submissions":
                rows = [{"userid": user, "attemptnumber": 0, "status": "submitted"} for user in self.users]
                return {"assignments": [{"assignmentid": 1, "submissions": rows}], "warnings": []}
            case "mod_assign_get_user_flags":
                return {"assignments": [], "warnings": []}
            case "mod_assign_get_submission_status":
                return self._status(form["userid"])
            case "mod_assign_save_grade":
                self.comments[form["userid"]] = form["plugindata[assignfeedbackcomments_editor][text]"]
            case "mod_assign_save_grades" if self.bulk:
                self._save(form)
            case _:
                return {"exception": "webservice_access_exception", "errorcode": "accessexception", "message": "no"}
        return None

    def _status(self, user: str) -> Any:
        answer: dict[str, Any] = {"lastattempt": {"locked": False, "graded": False, "gradingstatus": "notgraded"}}
        if user in self.comments:
            editor = {"name": "comments", "text": self.comments[user], "format": 0}
            grade = {"userid": int(user), "attemptnumber": 0, "grade": "-1.00000"}
            answer["feedback"] = {"grade": grade, "plugins": [{"type": "comments", "editorfields": [editor]}]}
        return answer

    def _save(self, form: Form) -> None:
        at = 0
        while (user := form.get(f"grades[{at}][userid]")) is not None:
            self.comments[user] = form[f"grades[{at}][plugindata][assignfeedbackcomments_editor][text]"]
            at += 1


class Tape(Http):
    """A pool that keeps what is posted through it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[bytes] = []

    def post(self, url: Any, form: Any, *args: Any, **kwargs: Any) -> Any:
        self.forms.append(form)
        return super().post(url, form, *args, **kwargs)


async def serve(users: int, bulk: str) -> None:
    """Be the site; the port is the first line of standard output."""
    app = web.Application(client_max_size=2**26)
    app.router.add_post(REST, Site(users, bulk=bulk == "bulk").answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


@asynccontextmanager
async def site(users: int, way: str) -> AsyncIterator[str]:
    """Run the site in a process of its own and give its URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "site", str(users), way, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(await process.stdout.readline())}"
    finally:
        process.terminate()
        await process.wait()


async def bare(url: str, forms: list[bytes]) -> float:
    """Post forms side by side with nothing but aiohttp; gives the seconds that it took."""
    waiting = list(reversed(forms))

    async def worker(session: aiohttp.ClientSession) -> None:
        while waiting:
            async with session.post(url + REST, data=waiting.pop(), headers=headers) as response:
                await response.read()

    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    started = time.perf_counter()
    async with aiohttp.ClientSession() as session:
        await asyncio.gather(*(worker(session) for _ in range(PARALLEL)))
    return time.perf_counter() - started


def resident() -> float:
    """Memory of this process in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


async def publication(users: int, way: str) -> tuple[float, float, float]:
    """Publish to all users; gives the seconds, those of the bare client, and the MiB that publishing took."""
    entries = [Entry(user, f"{TEXT}{user}") for user in range(10, 10 + users)]
    async with site(users, way) as url, Tape() as tape:
        moodle = MoodleClient(url, TOKEN, http=tape)
        assignment = await assignments.assignment(moodle, 2, 8)
        tape.forms.clear()
        started = time.perf_counter()
        report = await Publication(moodle, assignment, entries, Options(parallel=PARALLEL)).run()
        took = time.perf_counter() - started
        if report.published != users:
            raise SystemExit(f"{report.failed} of {users} users failed: {report.results[0]}")
        forms = tape.forms
    async with site(users, way) as url:
        plain = await bare(url, forms)
    sys.stdout.write(
        f"{way:>6} {users:>6} users {len(forms):>6} requests {took:>8.2f} s {plain:>8.2f} s bare {took / plain:>6.2f}x"
    )
    return took, plain, await _memory(users, way)


async def _memory(users: int, way: str) -> float:
    """Publish once more, without a tape, and watch the memory."""
    entries = [Entry(user, f"{TEXT}{user}") for user in range(10, 10 + users)]
    async with site(users, way) as url, Http() as http:
        moodle = MoodleClient(url, TOKEN, http=http)
        assignment = await assignments.assignment(moodle, 2, 8)
        gc.collect()
        idle, most = resident(), 0.0

        async def watch() -> None:
            nonlocal most
            while True:
                most = max(most, resident())
                await asyncio.sleep(0.02)

        watching = asyncio.create_task(watch())
        await Publication(moodle, assignment, entries, Options(parallel=PARALLEL)).run()
        watching.cancel()
    sys.stdout.write(f" {idle:>7.1f} MiB idle {most - idle:>+6.1f} MiB\n")
    return most - idle


async def slow_statuses() -> bool:
    """Publish to a class on a site whose one worker takes as long for a status as a live one's, with three keys."""
    slow = False
    every = frozenset(MORE)
    few = every - {"gradereport_user_get_grade_items", "mod_assign_submit_grading_form"}
    status = {*PUBLISHED, "mod_assign_get_submission_status", "mod_assign_save_grades", "mod_assign_list_participants"}
    for name, functions in (("every function", every), ("no gradebook", few), ("status alone", status)):
        async with Sandbox(users=CLASS) as sandbox, Http() as http:
            stage = Stage(sandbox.site)
            one = next(each for each in sandbox.site.assignments.values() if each.cmid == BIG_CMID)
            for user in range(FIRST_OF_BIG, FIRST_OF_BIG + CLASS):
                stage.mark(one, user, 61, "<p>old</p>")
            sandbox.site.costs["mod_assign_get_submission_status"] = STATUS_COST
            sandbox.site.services["measured"] = Service("measured", frozenset(functions))
            sandbox.site.tokens[TOKEN] = Token(TOKEN, 3, "measured")
            moodle = MoodleClient(sandbox.url, TOKEN, http=http)
            assignment = await assignments.assignment(moodle, BIG_COURSE, BIG_CMID)
            asked, started = len(sandbox.requests), time.perf_counter()
            entries = [Entry(user, f"{TEXT}{user}") for user in range(FIRST_OF_BIG, FIRST_OF_BIG + CLASS)]
            report = await Publication(moodle, assignment, entries).run()
            took, requests = time.perf_counter() - started, len(sandbox.requests) - asked
        sys.stdout.write(f"{name:>14} {CLASS:>4} users {requests:>5} requests {took:>7.2f} s {report.published} done\n")
        slow |= name == "every function" and requests > MOST_REQUESTS
    return slow


async def main() -> int:
    missed = await slow_statuses()
    for way in ("bulk", "single"):
        grown = []
        for users in USERS:
            took, plain, memory = await publication(users, way)
            grown.append(memory)
            missed |= took > MOST_TIME * plain
        missed |= grown[-1] - grown[0] > MOST_MEMORY
    sys.stdout.write("a limit was missed\n" if missed else "within the limits\n")
    return int(missed)


if __name__ == "__main__":
    if sys.argv[1:2] == ["site"]:
        asyncio.run(serve(int(sys.argv[2]), sys.argv[3]))
    else:
        sys.exit(asyncio.run(main()))
