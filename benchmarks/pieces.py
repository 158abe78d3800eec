"""Where the CPU of a call goes, piece by piece: 500 users of a course, from a site that answers from memory.

Each piece is done alone, again and again, and its best counts; what a piece costs among others is their difference.
Usage: ``python benchmarks/pieces.py [ROUNDS]``. Prints a table in Markdown.
"""

import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import uvloop
from cases import users
from running import SETTINGS, listening, node
from yarl import URL

os.environ.update(SETTINGS)

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.methods.people import People, User
from rpc_moodle.moodle import Http, MoodleClient
from rpc_moodle.moodle.reading import Reader
from rpc_moodle.moodle.users import DetailedUser
from rpc_moodle.settings import Settings
from rpc_moodle.trace import Trace
from utils.codec import encode
from utils.dispatch import Dispatcher
from utils.logs import configure
from utils.server.lifecycle import settle

COUNT = 500
CASE = users(COUNT, 0, 1)
AT_A_TIME = 20
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


async def best(rounds: int, work: Callable[[], Awaitable[object]]) -> float:
    """Do a piece of work again and again; gives the CPU that it takes, in milliseconds, at its best."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        for _ in range(AT_A_TIME):
            await work()
        least = min(least, time.process_time() - began)
    return 1000 * least / AT_A_TIME


async def served(rounds: int, service: str, site: str) -> float:
    """Give the same for a call over a socket."""
    costs = []
    for _ in range(max(3, rounds // 10)):
        job = {"service": service, "site": site, "event": CASE.event, "payload": CASE.payload, "rows": COUNT}
        seen = await node({**job, "sockets": 1, "inFlight": 16, "ownKeys": True, "seconds": 1.0, "warm": 1})
        costs.append((seen["after"]["cpu"] - seen["before"]["cpu"]) / len(seen["taken"]))
    return 1000 * float(min(costs))


async def requests(rounds: int, site: str, http: Http) -> tuple[bytes, float, float]:
    """Give the answer of the site, and what its request costs by aiohttp alone and with all that guards it."""
    path, client = "webservice/rest/server.php", MoodleClient(site, secrets.token_hex(16), http=http)

    def filled() -> bytes:
        return CASE.stages[0][0].replace("TOKEN", secrets.token_hex(16)).encode()

    async def guarded() -> None:
        await client._answer("f", path, filled(), client.token)  # noqa: SLF001 - a piece of a call

    async with aiohttp.ClientSession() as session:

        async def bare() -> bytes:
            async with session.post(URL(site) / path, data=filled(), headers=HEADERS) as response:
                return await response.read()

        return await bare(), await best(rounds, bare), await best(rounds, guarded)


async def pieces(rounds: int, site: str, http: Http, dispatcher: Dispatcher) -> dict[str, float]:
    """Measure what is done in one process."""
    body, bare, guarded = await requests(rounds, site, http)
    reader: Reader[list[DetailedUser]] = Reader(list[DetailedUser])
    read = reader.validate_json(body)

    async def reading() -> None:
        reader.validate_json(body)

    async def writing() -> list[User]:
        people = People()
        return [people.user(row) for row in read]

    rows = await writing()

    async def encoding() -> None:
        encode(rows)

    async def nothing() -> None:
        await dispatcher.dispatch("call", [{}])

    async def call() -> None:
        options = {"url": site, "apiKey": secrets.token_hex(16)}
        reply = await dispatcher.dispatch(CASE.event, [{**CASE.payload, "options": options}])
        assert reply["success"], reply

    parts = {
        "the request, by aiohttp alone": bare,
        "queue, budgets, circuits, guard, figures and limits around it": guarded - bare,
        "reading the answer": await best(rounds, reading),
        "writing the rows": await best(rounds, writing),
        "encoding the reply": await best(rounds, encoding),
        "a call that does nothing: its tasks, its line of the log": await best(rounds, nothing),
    }
    rest = "validation, the form, joining, paging; and freeing what has been read and written"
    return {**parts, rest: await best(rounds, call) - sum(parts.values())}


async def main(rounds: int) -> None:
    """Print the table."""
    settings = Settings()
    with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230 - before anything is measured
        configure(settings, stream=nowhere)
        http = create_http(settings, Trace())
        dispatcher = create_dispatcher(settings, http, create_tickets(settings))
        async with listening("upstream.py", COUNT, 0) as site, listening("probed.py") as service, http:
            settle()
            parts = await pieces(rounds, site, http, dispatcher)
            whole = await served(rounds, service, site)
    parts["the socket, in and out, beside a client, a site and 16 calls at a time"] = whole - sum(parts.values())
    parts["together"] = whole
    print("| piece | CPU, ms |\n| --- | --- |")
    for name, cost in parts.items():
        print(f"| {name} | {cost:.2f} |")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
