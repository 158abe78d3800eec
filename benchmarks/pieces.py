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

import uvloop
from cases import users
from running import SETTINGS, listening, node
from yarl import URL

os.environ.update(SETTINGS)

from rpc_moodle.app import create_dispatcher, create_http, create_tickets
from rpc_moodle.methods.people import People
from rpc_moodle.moodle import MoodleClient
from rpc_moodle.moodle.reading import Reader
from rpc_moodle.moodle.users import DetailedUser
from rpc_moodle.settings import Settings
from rpc_moodle.trace import Trace
from utils.codec import encode
from utils.logs import configure
from utils.server.lifecycle import settle

COUNT = 500
AT_A_TIME = 20
HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


async def main(rounds: int) -> None:
    async def best(work: Callable[[], Awaitable[object]]) -> float:
        least = float("inf")
        for _ in range(rounds):
            began = time.process_time()
            for _ in range(AT_A_TIME):
                await work()
            least = min(least, time.process_time() - began)
        return 1000 * least / AT_A_TIME

    case = users(COUNT, 0, 1)
    settings, form = Settings(), case.stages[0][0]
    with Path(os.devnull).open("w") as nowhere:  # noqa: ASYNC230 - before anything is measured
        configure(settings, stream=nowhere)
        http = create_http(settings, Trace())
        dispatcher = create_dispatcher(settings, http, create_tickets(settings))
        async with listening("upstream.py", COUNT, 0) as site, listening("probed.py") as service, http:
            settle()
            url, client = URL(site) / "webservice/rest/server.php", MoodleClient(site, secrets.token_hex(16), http=http)

            def filled() -> bytes:
                return form.replace("TOKEN", secrets.token_hex(16)).encode()

            async def call() -> None:
                options = {"url": site, "apiKey": secrets.token_hex(16)}
                reply = await dispatcher.dispatch(case.event, [{**case.payload, "options": options}])
                assert reply["success"], reply

            async def bare() -> bytes:
                assert http._session is not None  # noqa: SLF001 - the very session, without what stands around it
                async with http._session.post(url, data=filled(), headers=HEADERS) as response:  # noqa: SLF001
                    return await response.read()

            async def guarded() -> None:
                await client._answer("f", "webservice/rest/server.php", filled(), client.token)  # noqa: SLF001

            body, reader = await bare(), Reader(list[DetailedUser])
            read = reader.validate_json(body)

            async def written() -> list[object]:
                people = People()
                return [people.user(row) for row in read]

            rows = await written()
            idle = {"service": service, "site": site, "event": "call", "payload": {}, "rows": 0, "sockets": 1}
            load = {"inFlight": 16, "ownKeys": True, "seconds": 1.0, "warm": 1}

            async def served(event: str, payload: object, least: int) -> float:
                costs = []
                for _ in range(max(3, rounds // 10)):
                    job = {**idle, **load, "event": event, "payload": payload, "rows": least}
                    seen = await node(job)
                    costs.append((seen["after"]["cpu"] - seen["before"]["cpu"]) / len(seen["taken"]))
                return 1000 * min(costs)

            async def reading() -> None:
                reader.validate_json(body)

            async def encoding() -> None:
                encode(rows)

            async def nothing() -> None:
                await dispatcher.dispatch("call", [{}])

            request, around = await best(bare), await best(guarded)
            alone, empty = await best(call), await best(nothing)
            parts = {
                "the request, by aiohttp alone": request,
                "queue, budgets, circuits, guard, figures and limits around it": around - request,
                "reading the answer": await best(reading),
                "writing the rows": await best(written),
                "encoding the reply": await best(encoding),
                "a call that does nothing: its tasks, its line of the log": empty,
            }
            parts["validation, the form, joining, paging, and what the pieces cost each other"] = alone - sum(
                parts.values()
            )
            whole = await served(case.event, case.payload, COUNT)
            parts["the socket, in and out, beside three other processes"] = whole - alone
            parts["together"] = whole
    print("| piece | CPU, ms |\n| --- | --- |")
    for name, cost in parts.items():
        print(f"| {name} | {cost:.2f} |")


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 30))
