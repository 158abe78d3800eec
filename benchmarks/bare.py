"""What the upstream work of a call costs with nothing but aiohttp: the same requests, read and parsed, and no service.

Usage: ``python benchmarks/bare.py``, with a job as JSON on standard input: ``stages`` of forms that are posted side by
side, or ``urls`` that are read; ``inFlight`` calls at a time for ``seconds``. Prints what ``load.mjs`` prints.
"""

import asyncio
import json
import secrets
import sys
import time
from typing import Any

import aiohttp
import orjson
import uvloop

HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}


async def post(session: aiohttp.ClientSession, url: str, form: str, token: str) -> None:
    async with session.post(url, data=form.replace("TOKEN", token).encode(), headers=HEADERS) as response:
        orjson.loads(await response.read())


async def stages(session: aiohttp.ClientSession, job: dict[str, Any]) -> int:
    """Do the requests of one call; gives the bytes of files, of which it reads none."""
    token = secrets.token_hex(16)
    for forms in job["stages"]:
        await asyncio.gather(*(post(session, job["url"], form, token) for form in forms))
    return 0


async def files(session: aiohttp.ClientSession, job: dict[str, Any]) -> int:
    """Read files, a few at a time; gives their bytes."""
    turns = asyncio.Semaphore(4)

    async def one(url: str) -> int:
        count = 0
        async with turns, session.request(job["method"], url, data=job.get("form")) as response:
            response.raise_for_status()
            async for piece in response.content.iter_any():
                count += len(piece)
        return count

    return sum(await asyncio.gather(*map(one, job["urls"])))


async def main() -> None:
    job = json.loads(sys.stdin.read())
    call = files if "urls" in job else stages
    taken: list[float] = []
    read = 0
    connector = aiohttp.TCPConnector(limit=0, limit_per_host=job["connections"])
    async with aiohttp.ClientSession(connector=connector, read_bufsize=2**18) as session:
        await asyncio.gather(*(call(session, job) for _ in range(job["inFlight"] * job["warm"])))
        started, cpu = time.perf_counter(), time.process_time()
        until = started + job["seconds"]

        async def worker() -> None:
            nonlocal read
            while (begun := time.perf_counter()) < until:
                read += await call(session, job)
                taken.append(time.perf_counter() - begun)

        await asyncio.gather(*(worker() for _ in range(job["inFlight"])))
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    print(json.dumps({"taken": taken, "seconds": seconds, "cpu": cpu, "bytes": read}))


if __name__ == "__main__":
    uvloop.run(main())
