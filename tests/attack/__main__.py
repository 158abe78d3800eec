"""The attacks as a table: ``python -m tests.attack [SECONDS] [FAMILY …]``; the exit status is 1 when one succeeded."""

import asyncio
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.attack.families import FAMILIES
from tests.attack.frame import Row, mib, rows


async def main(console: Console, seconds: float, names: Sequence[str]) -> int:
    """Run the attacks, print the table, and return the exit status."""
    table = Table("attack", "limit", "the other's calls", "failed", "worst delay", "memory before", "peak")
    found: list[Row] = []
    with console.status("") as status:
        for family in FAMILIES:
            if names and family.name not in names:
                continue
            status.update(family.name)
            async for row in rows(family, seconds):
                found.append(row)
                table.add_row(
                    row.attack.name,
                    row.attack.limit,
                    f"{row.calls:,}",
                    f"[{'red' if row.failures else 'green'}]{len(row.failures)}[/]",
                    f"{row.worst:.2f} s",
                    f"{mib(row.before)} MiB",
                    f"{mib(row.memory)} MiB",
                )
    console.print(table)
    for row in found:
        for failure in row.failures:
            console.print(f"[red]{escape(row.attack.name)}: {escape(failure)}[/]", soft_wrap=True)
    return 1 if any(row.failures for row in found) else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    length = float(given.pop(0)) if given else 10.0
    sys.exit(asyncio.run(main(Console(), length, given)))
