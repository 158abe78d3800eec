"""The processes of a benchmark: the site, the service, the two clients; and what one measurement of them says."""

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
CONNECTIONS = 64
"""Requests to the site at a time, of the service and the bare client alike: the limit is not what is measured."""

TICKET_KEY = "sealed for a benchmark alone"
SETTINGS = {
    "RPC_MOODLE_PORT": "0",
    "RPC_MOODLE_ALLOW_PRIVATE": "true",
    "RPC_MOODLE_LOG_FORMAT": "json",
    "RPC_MOODLE_SITE_CONNECTIONS": str(CONNECTIONS),
    "RPC_MOODLE_TICKET_KEYS": TICKET_KEY,
    "RPC_MOODLE_MAX_SOCKETS_PER_ADDRESS": "2000",
}


@asynccontextmanager
async def listening(script: str, *arguments: object) -> AsyncIterator[str]:
    """Run a script of this folder that says on its first line where it listens; gives the URL."""
    command = (sys.executable, str(HERE / script), *map(str, arguments))
    environment = {**os.environ, **SETTINGS}
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=PIPE, stderr=DEVNULL)
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.wait()


async def client(command: Sequence[str], job: Mapping[str, Any]) -> dict[str, Any]:
    """Run a client to its end, and give what it says."""
    process = await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)
    said, _ = await process.communicate(json.dumps(job).encode())
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} has failed")
    answer: dict[str, Any] = json.loads(said)
    return answer


async def bare(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run the bare client."""
    return await client([sys.executable, str(HERE / "bare.py")], {"connections": CONNECTIONS, **job})


async def node(job: Mapping[str, Any]) -> dict[str, Any]:
    """Run the Node client."""
    return await client(["node", str(HERE / "load.mjs")], job)


def figures(measured: Mapping[str, Any], cpu: float) -> dict[str, float]:
    """Sum up a round: calls per second, percentiles and CPU per call in milliseconds."""
    taken = sorted(measured["taken"])

    def percentile(share: float) -> float:
        return round(1000 * float(taken[min(len(taken) - 1, int(len(taken) * share))]), 3)

    return {
        "calls_per_second": round(len(taken) / measured["seconds"], 2),
        "p50_ms": percentile(0.5),
        "p95_ms": percentile(0.95),
        "p99_ms": percentile(0.99),
        "cpu_ms": round(1000 * cpu / len(taken), 3),
    }


def best(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Give the best of each figure, as the machine has other things to do; of memory and stalls the worst."""
    most = {"calls_per_second", "peak_mib", "stall_ms"}
    return {name: (max if name in most else min)(each[name] for each in rounds) for name in rounds[0]}


async def started(*command: str, until: bytes = b"") -> dict[str, float]:
    """Start a process, and give the seconds and its CPU time until it says something, or ends; and its memory then."""
    began = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **SETTINGS}, stdout=DEVNULL, stderr=PIPE
    )
    assert process.stderr is not None
    if not until:
        before = os.times()
        await process.wait()
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        return {"seconds": time.perf_counter() - began, "cpu": cpu}
    while until not in (line := await process.stderr.readline()):
        if not line:
            raise SystemExit(f"{' '.join(command)} has ended")
    seconds = time.perf_counter() - began
    ticks = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()  # noqa: ASYNC240 - the kernel's
    await asyncio.sleep(0.3)
    status = Path(f"/proc/{process.pid}/status").read_text().splitlines()  # noqa: ASYNC240 - likewise
    rss = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    process.terminate()
    await process.wait()
    cpu = (int(ticks[11]) + int(ticks[12])) / os.sysconf("SC_CLK_TCK")
    return {"seconds": seconds, "cpu": cpu, "rss_mib": rss / 1024}
