"""The site of a benchmark: the sandbox in a process of its own, which answers from memory what it was asked before.

So what is measured is the service, not how fast a Moodle written in Python makes an answer. Any token opens it.
Usage: ``python benchmarks/upstream.py USERS LATENCY``, seconds. The first line on standard output is its URL.
``/__counted`` gives and forgets the number of requests, ``/__kept`` the forms of those that were not from memory.
"""

import asyncio
import re
import sys
from collections.abc import Awaitable, Callable

import uvloop
from aiohttp import web

from rpc_moodle.sandbox import Repeated, StoredFile, create_app
from rpc_moodle.sandbox.people import Token
from rpc_moodle.sandbox.seed import BIG_COURSE, seeded_site, token_value
from rpc_moodle.sandbox.seed_work import made_up
from rpc_moodle.sandbox.server import REST
from rpc_moodle.sandbox.site import Site
from rpc_moodle.sandbox.work import Submission

BIG_ASSIGNMENT = 22
DOWNLOAD_ASSIGNMENT = 8
DOWNLOADS, DOWNLOAD_BYTES = 10, 20 * 2**20
_READS = re.compile(rb"wsfunction=(core_enrol_get_enrolled_users|mod_assign_get_(assignments|submissions))&")
_TOKEN = re.compile(rb"wstoken=[^&]*")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class AnyToken(dict[str, Token]):
    """Tokens of a site that lets everyone in as the teacher."""

    def get(self, _value: object, _default: object = None) -> Token:
        return self[token_value("teacher_full")]

    def __missing__(self, _value: str) -> Token:
        return self.get(_value)


def made(users: int) -> Site:
    """Give a site where each of so many students of the big course has handed in a file."""
    site = seeded_site(users=users)
    site.tokens = AnyToken(site.tokens)
    mass = site.by_cmid(BIG_ASSIGNMENT)
    assert mass is not None
    for userid in site.courses[BIG_COURSE].submitters(active=True):
        if all(row.userid != userid for row in mass.submissions.values()):
            row = Submission(site.ids.submission, userid, site.seeded, site.seeded)
            row.files = [made_up(f"report-{userid}.pdf", 2000, b"%PDF-1.4\n")]
            site.ids.submission += 1
            mass.add(row)
    essay = site.by_cmid(DOWNLOAD_ASSIGNMENT)
    assert essay is not None
    row = next(iter(essay.submissions.values()))
    content = Repeated(bytes(range(256)) * 4096, DOWNLOAD_BYTES)
    row.files = [StoredFile(f"{number}.bin", content) for number in range(DOWNLOADS)]
    for file in row.files[1:]:
        file.__dict__["sha1"] = row.files[0].sha1  # the same content: computed once
    return site


class Memory:
    """Answers by their forms, the token aside."""

    def __init__(self, latency: float) -> None:
        self.counted = 0
        self.kept: list[str] = []
        self._latency = latency
        self._answers: dict[bytes, bytes] = {}

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path == "/__counted":
            counted, self.counted = self.counted, 0
            return web.json_response(counted)
        if request.path == "/__kept":
            kept, self.kept = self.kept, []
            return web.json_response(kept)
        self.counted += 1
        if request.path != REST:
            return await handler(request)
        form = await request.read()
        if self._latency:
            await asyncio.sleep(self._latency)
        if not _READS.search(form):
            self.kept.append(form.decode())
            return await handler(request)
        key = _TOKEN.sub(b"", form)
        if key not in self._answers:
            response = await handler(request)
            assert isinstance(response, web.Response)
            assert isinstance(response.body, bytes)
            self._answers[key] = response.body
        return web.Response(body=self._answers[key], content_type="application/json")


async def main(users: str, latency: str) -> None:
    app = create_app(made(int(users)))
    app.middlewares.append(Memory(float(latency)).answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
