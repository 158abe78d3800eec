"""Attacks on the way of files: readers that do not read, paths that fail, tickets by the ten thousand."""

import asyncio
from contextlib import AsyncExitStack

import aiohttp
from aiohttp import web

from rpc_moodle.downloads.links import CONTEXT, FileLinks
from rpc_moodle.moodle.files.url import file_url, site_of
from rpc_moodle.sandbox.seed import token_value
from tests.attack.frame import Attack, Family, Scene
from tests.faults.ways import KEY
from utils.tickets import Tickets

SHA1 = "a" * 40


async def film(request: web.Request) -> web.StreamResponse:
    """Send a file of a terabyte."""
    response = web.StreamResponse(headers={"ETag": f'"{SHA1}"', "Content-Type": "video/mp4"})
    response.content_length = 1024**4
    await response.prepare(request)
    try:
        while True:
            await response.write(bytes(256 * 1024))
    except ConnectionError:
        return response


def sealed(url: str) -> str:
    """A link to a file, as the service would have made it."""
    return FileLinks(Tickets((KEY,), context=CONTEXT)).of(site_of(file_url(url)), KEY).link(url)


async def slow_readers(scene: Scene) -> None:
    """Open 40 films of one key, and read none of them."""
    scene.hostile.answers = {"film.mp4": film}
    ticket = sealed(f"{scene.hostile.url}/webservice/pluginfile.php/1/a/b/2/film.mp4").partition("ticket=")[2]
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(scene.service.url))

        async def one() -> None:
            await stack.enter_async_context(session.get(f"/files/{ticket}"))
            await asyncio.Event().wait()

        await asyncio.gather(*(one() for _ in range(40)))


async def failing_paths(scene: Scene) -> None:
    """Ask the neighbour's own site for files and users, with ever new keys that are none."""
    async with scene.caller() as client:
        url = f"{scene.good.url}/webservice/pluginfile.php/1/a/b/2/a.pdf"
        number = 0
        while True:
            number += 1
            options = scene.options(scene.good.url, f"{number:032x}")
            await client.call("downloadSubmissionsFromUser", {"fileUrls": [url], "options": options})
            await client.call("getUsersFromCourse", {"courseID": 2, "options": options})


async def ten_thousand_tickets(scene: Scene) -> None:
    link = sealed(f"{scene.good.url}/webservice/pluginfile.php/1/a/b/2/a.pdf")
    payload = {"fileUrls": [link] * 10_000, "options": {"apiKey": token_value("teacher_full")}}
    async with scene.caller() as client:
        while True:
            await client.call("downloadSubmissionsFromUser", payload, seconds=60)


FAMILY = Family(
    "files",
    (
        Attack("40 downloads that nobody reads", "places per site and key", slow_readers),
        Attack("made-up keys at the neighbour's site", "circuits per key until it is proven", failing_paths),
        Attack("10,000 tickets in a call", "RPC_MOODLE_DOWNLOAD_MAX_FILES", ten_thousand_tickets),
    ),
    settings={"TICKET_KEYS": KEY.get_secret_value()},
)
