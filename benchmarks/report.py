"""What a benchmark tells: a table in Markdown, plots, JSON, and two runs side by side."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from plot import Bar, bars

Result = dict[str, Any]

COLUMNS = ("case", "calls/s", "of bare", "p50", "p95", "p99 ms", "CPU ms per call", "of bare", "peak MiB", "stall ms")
COMPARED = ("case", "calls/s", "of bare", "p95 ms", "CPU ms per call", "of bare", "stall ms")


def ratio(case: Result, name: str) -> float:
    """Set a figure of the service against the bare client's."""
    service, bare = float(case["service"][name]), float(case["bare"][name])
    return service / bare if bare else 0.0


def _row(case: Result) -> list[str]:
    ours = case["service"]
    return [
        case["name"],
        f"{ours['calls_per_second']:.1f}",
        f"{ratio(case, 'calls_per_second'):.2f}",
        *(f"{ours[name]:.0f}" for name in ("p50_ms", "p95_ms", "p99_ms")),
        f"{ours['cpu_ms']:.2f}",
        f"{ratio(case, 'cpu_ms'):.1f}",
        f"{ours['peak_mib']:.0f}",
        f"{ours['stall_ms']:.0f}",
    ]


def line(case: Result) -> str:
    """Tell of a case in a line."""
    return "  ".join(f"{name} {value}" for name, value in zip(COLUMNS, _row(case), strict=True)).removeprefix("case ")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a table in Markdown."""
    lines = ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]
    return "\n".join(lines) + "\n"


def markdown(result: Result) -> str:
    """Write all figures of a run."""
    parts = [table(COLUMNS, map(_row, result["cases"]))]
    if "idle_socket_kib" in result:
        parts.append(f"An idle socket takes {result['idle_socket_kib']:.0f} KiB.\n")
    if slow := result.get("slow_readers"):
        parts.append(
            f"{slow['readers']} callers that read nothing of {slow['calls']} replies of 5,000 users each make the "
            f"service grow by {slow['peak_mib']:.0f} MiB at its peak.\n"
        )
    if start := result.get("start"):
        parts.append(
            f"`serve` listens after {start['serve_seconds']:.2f} s ({start['serve_cpu']:.2f} s CPU) and takes "
            f"{start['serve_rss_mib']:.0f} MiB; `--help` takes {start['help_seconds']:.2f} s; an aiohttp application "
            f"with python-socketio is imported in {start['bare_seconds']:.2f} s.\n"
        )
    return "\n".join(parts)


def _plots(result: Result) -> dict[str, str]:
    return {
        "bench-cpu.svg": bars(
            "CPU per call, times that of a bare client", [Bar(c["name"], ratio(c, "cpu_ms")) for c in result["cases"]]
        ),
        "bench-calls.svg": bars(
            "Calls per second, share of a bare client's",
            [Bar(c["name"], ratio(c, "calls_per_second")) for c in result["cases"]],
        ),
    }


def write(result: Result, out: Path) -> None:
    """Put JSON, table and plots into a directory."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(result, indent=1) + "\n")
    (out / "bench.md").write_text(markdown(result))
    for name, drawn in _plots(result).items():
        (out / name).write_text(drawn)


def compared(old: Result, new: Result) -> str:
    """Set two runs side by side, case by case; what stands in one alone is left out."""
    before = {case["name"]: case for case in old["cases"]}
    rows = []
    for case in new["cases"]:
        if (was := before.get(case["name"])) is None:
            continue
        pairs = [
            ("calls_per_second", ".1f", False),
            ("calls_per_second", ".2f", True),
            ("p95_ms", ".0f", False),
            ("cpu_ms", ".2f", False),
            ("cpu_ms", ".1f", True),
            ("stall_ms", ".0f", False),
        ]
        row = [case["name"]]
        for name, form, relative in pairs:
            values = [ratio(each, name) if relative else each["service"][name] for each in (was, case)]
            row.append(" → ".join(format(value, form) for value in values))
        rows.append(row)
    return table(COMPARED, rows)
