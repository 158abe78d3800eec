"""Attacks by a site of an attacker's own, whom the attacker calls through the service."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import count

import orjson
from aiohttp import web

from tests.attack.frame import Attack, Family, Scene
from tests.attack.hostile import endless

REST = "/webservice/rest/server.php"
SIDE_BY_SIDE = 4


async def call_again_and_again(scene: Scene, event: str = "getUsersFromCourse") -> None:
    """Call the hostile site, several calls at a time, until the time is over."""
    async with scene.caller() as client:
        payload = {"courseID": 2, "assignmentID": 8, "options": scene.options()}

        async def one() -> None:
            while True:
                await client.call(event, payload, seconds=60)

        await asyncio.gather(*(one() for _ in range(SIDE_BY_SIDE)))


async def answering(
    scene: Scene, body: Callable[[web.Request], web.Response], event: str = "getUsersFromCourse"
) -> None:
    """Have every call of a function answered with a body."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return body(request)

    scene.hostile.answers = {REST: answer}
    await call_again_and_again(scene, event)


async def pages_without_end(scene: Scene) -> None:
    numbers = count()

    def page(_request: web.Request) -> web.Response:
        users = [{"id": next(numbers), "fullname": "x" * 1000} for _ in range(1000)]
        return web.Response(body=orjson.dumps(users), content_type="application/json")

    await answering(scene, page)


async def an_error_of_60_mb(scene: Scene) -> None:
    message = b"<a " * 20_000_000
    body = b'{"exception":"e","errorcode":"odd","message":"%s"}' % message
    await answering(scene, lambda _: web.Response(body=body, content_type="application/json"))


async def files_by_the_hundred_thousand(scene: Scene) -> None:
    files = [
        {"filename": f"{number}", "fileurl": f"{scene.hostile.url}/pluginfile.php/1/{number}"}
        for number in range(200_000)
    ]
    plugin = {"type": "file", "fileareas": [{"area": "submission_files", "files": files}]}
    submissions = {"assignments": [{"assignmentid": 1, "submissions": [{"id": 1, "userid": 5, "plugins": [plugin]}]}]}
    bodies = {
        b"mod_assign_get_assignments": orjson.dumps(
            {"courses": [{"id": 2, "assignments": [{"id": 1, "cmid": 8}]}], "warnings": []}
        ),
        b"mod_assign_get_submissions": orjson.dumps(submissions),
    }

    async def answer(request: web.Request) -> web.Response:
        form = await request.read()
        body = next((body for function, body in bodies.items() if function in form), b"[]")
        return web.Response(body=body, content_type="application/json")

    scene.hostile.answers = {REST: answer}
    await call_again_and_again(scene, "getSubmissionsInfosFromAssignment")


async def an_answer_without_end(scene: Scene) -> None:
    rows = b'{"id":1,"fullname":"' + b"x" * 200 + b'"},'
    scene.hostile.answers = {REST: partial(endless, start=b"[", piece=rows * 1000, pieces=10_000)}
    await call_again_and_again(scene)


async def silence(scene: Scene) -> None:
    scene.hostile.answers = {}
    async with scene.caller() as client:
        payload = {"courseID": 2, "options": scene.options()}
        await asyncio.gather(*(client.call("getUsersFromCourse", payload, seconds=60) for _ in range(200)))


FAMILY = Family(
    "sites",
    (
        Attack("pages without end", "RPC_MOODLE_ANSWER_MAX_BYTES, _ROWS, _PAGES", pages_without_end),
        Attack("an error of 60 MB", "RPC_MOODLE_ANSWER_MAX_BYTES", an_error_of_60_mb),
        Attack("200,000 files in a listing", "RPC_MOODLE_ANSWER_MAX_FILES", files_by_the_hundred_thousand),
        Attack("an answer without end", "RPC_MOODLE_ANSWER_MAX_BYTES", an_answer_without_end),
        Attack("200 calls to a site that says nothing", "deadlines, a queue per site", silence),
    ),
)
