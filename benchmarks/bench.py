"""How fast the service is, beside a bare client that does the same upstream work in the same run.

Site, service and client are a process each. The rounds of service and bare client take turns, and the best of each
figure counts: what is to be compared are ratios, as absolute figures move by half from machine to machine.
Usage: ``python benchmarks/bench.py [--only WORD] [--rounds N] [--seconds S] [--out DIRECTORY]``. Writes ``bench.json``,
``bench.md`` and ``bench-….svg``; ``python benchmarks/bench.py --compare OLD.json NEW.json`` sets two runs side by side.
"""

import argparse
import json
import platform
import sys
import time
from pathlib import Path
from typing import Any

import aiohttp
import report
import uvloop
from cases import CASES, Case, users
from pydantic import SecretStr
from running import TICKET_KEY, bare, best, figures, listening, node, started
from slow import slow
from upstream import DOWNLOAD_ASSIGNMENT, made
from yarl import URL

from rpc_moodle.app import create_tickets
from rpc_moodle.downloads.links import FileLinks
from rpc_moodle.settings import Settings

IDLE_SOCKETS = 1000
STARTS = 5
SLOW_READERS, SLOW_CALLS = 200, 2
Result = dict[str, Any]


async def asked(url: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(url) as response:
        return await response.json()


class Bench:
    """One run."""

    def __init__(self, rounds: int, seconds: float) -> None:
        self._rounds = rounds
        self._seconds = seconds

    def _job(self, case: Case, site: str, service: str) -> dict[str, Any]:
        return {
            "service": service,
            "site": site,
            "event": case.event,
            "payload": case.payload,
            "rows": case.rows,
            "sockets": case.sockets,
            "inFlight": case.in_flight,
            "ownKeys": case.own_keys,
            "seconds": self._seconds,
            "warm": 1,
            **case.job,
        }

    async def case(self, case: Case) -> Result:
        """Measure a case."""
        async with listening("upstream.py", case.users, case.latency) as site, listening("probed.py") as service:
            job = self._job(case, site, service)
            stages = case.stages
            ours, theirs = [], []
            for _ in range(self._rounds):
                await asked(f"{site}/__counted")
                measured = await node(job)
                requests = await asked(f"{site}/__counted")
                kept = await asked(f"{site}/__kept")
                if case.job:
                    stages = [[form] for form in kept[: requests // measured["made"]]]
                    stages = [
                        [form for stage in stages[at : at + 8] for form in stage] for at in range(0, len(stages), 8)
                    ]
                before, after = measured["before"], measured["after"]
                ours.append(
                    figures(measured, after["cpu"] - before["cpu"])
                    | _costs(after)
                    | {"requests": round(requests / measured["made"], 1)}
                )
                straight = await bare({**job, "url": f"{site}/webservice/rest/server.php", "stages": stages})
                theirs.append(figures(straight, straight["cpu"]))
                await asked(f"{site}/__kept")
        return {"name": case.name, "service": best(ours), "bare": best(theirs)}

    async def download(self) -> Result:
        """Fetch files over HTTP, with a ticket and straight from the site."""
        essay = made(0).by_cmid(DOWNLOAD_ASSIGNMENT)
        assert essay is not None
        row = next(iter(essay.submissions.values()))
        token = SecretStr("0" * 32)
        tickets = create_tickets(Settings(ticket_keys=(SecretStr(TICKET_KEY),)))
        async with listening("upstream.py", 0, 0) as site, listening("probed.py") as service:
            urls = [f"{site}/webservice/pluginfile.php{file.url_path(essay.contextid, row.id)}" for file in row.files]
            links = FileLinks(tickets).of(URL(site), token)
            files = [f"{service}/files/{links.link(url).rpartition('ticket=')[2]}" for url in urls]
            job = {"inFlight": 1, "seconds": self._seconds, "warm": 1}
            ours, theirs = [], []
            for _ in range(self._rounds):
                measured = await bare({**job, "urls": files, "method": "GET"})
                before = await asked(f"{service}/__probe")
                measured = await bare({**job, "urls": files, "method": "GET", "warm": 0})
                after = await asked(f"{service}/__probe")
                ours.append(figures(measured, after["cpu"] - before["cpu"]) | _costs(after))
                form = {"token": token.get_secret_value()}
                straight = await bare({**job, "urls": urls, "method": "POST", "form": form})
                theirs.append(figures(straight, straight["cpu"]))
        name = f"download of {len(urls)} x {row.files[0].size >> 20} MiB, 0 ms, 4 in flight"
        return {"name": name, "service": best(ours), "bare": best(theirs)}

    async def idle(self) -> float:
        """Give the KiB that an idle socket takes."""
        async with listening("probed.py") as service:
            seen = await node({"service": service, "sockets": IDLE_SOCKETS})
        grown: int = seen["after"]["rss"] - seen["before"]["rss"]
        return round(grown / IDLE_SOCKETS, 1)

    async def slow_readers(self) -> dict[str, float]:
        """Give the MiB that those who read nothing make the service grow by, and those of all their replies."""
        case = users(5000, 0, SLOW_READERS)
        async with listening("upstream.py", case.users, 0) as site, listening("probed.py") as service:
            await node({**self._job(case, site, service), "inFlight": 1, "seconds": 0.5})
            before = await asked(f"{service}/__probe")
            await slow(service, site, case, readers=SLOW_READERS, calls=SLOW_CALLS)
            after = await asked(f"{service}/__probe")
        return {"readers": SLOW_READERS, "calls": SLOW_CALLS, "peak_mib": round((after["peak"] - before["rss"]) / 1024)}

    async def start(self) -> dict[str, float]:
        """Measure a start of the service, of its command line, and of an aiohttp application beside it."""
        ways: dict[str, list[dict[str, float]]] = {"serve": [], "help": [], "bare": []}
        for _ in range(STARTS):
            ways["serve"].append(await started(sys.executable, "-m", "rpc_moodle", "serve", until=b'"listening"'))
            ways["help"].append(await started(sys.executable, "-m", "rpc_moodle", "--help"))
            ways["bare"].append(await started(sys.executable, "-c", "import aiohttp.web, socketio"))
        return {
            f"{way}_{name}": round(min(each[name] for each in seen), 3)
            for way, seen in ways.items()
            for name in seen[0]
        }


def _costs(probe: dict[str, float]) -> dict[str, float]:
    return {"peak_mib": round(probe["peak"] / 1024, 1), "stall_ms": round(1000 * probe["stall"], 1)}


async def run(only: str, rounds: int, seconds: float, out: Path) -> None:
    """Measure what has a word in its name, and write the report after each case."""
    bench = Bench(rounds, seconds)
    result: Result = {"machine": f"{platform.machine()}, Python {platform.python_version()}", "cases": []}

    def tell(measured: Result) -> None:
        result["cases"].append(measured)
        print(report.line(measured), flush=True)
        report.write(result, out)

    began, failures = time.monotonic(), 0
    for case in CASES:
        if only in case.name:
            try:
                tell(await bench.case(case))
            except SystemExit as failed:  # the others are worth their time
                failures += 1
                print(f"{case.name}: {failed}", file=sys.stderr)
    if only in "download":
        tell(await bench.download())
    if only in "idle sockets":
        result["idle_socket_kib"] = await bench.idle()
        print(f"{result['idle_socket_kib']} KiB per idle socket", flush=True)
    if only in "slow readers":
        result["slow_readers"] = await bench.slow_readers()
        print(result["slow_readers"], flush=True)
    if only in "start":
        result["start"] = await bench.start()
        print(result["start"], flush=True)
    report.write(result, out)
    print(f"in {time.monotonic() - began:.0f} s, into {out}")
    if failures:
        sys.exit(f"{failures} cases failed")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--only", default="", help="measure what has this in its name")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--seconds", type=float, default=1.0, help="of a round")
    options.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    options.add_argument("--compare", nargs=2, type=Path, metavar=("OLD", "NEW"))
    given = options.parse_args()
    if given.compare:
        print(report.compared(*(json.loads(path.read_text()) for path in given.compare)))
    else:
        uvloop.run(run(given.only, given.rounds, given.seconds, given.out))


if __name__ == "__main__":
    main()
