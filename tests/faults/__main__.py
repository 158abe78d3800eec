"""The matrix as a table: ``python -m tests.faults``; the exit status is 1 when a cell is not as it should be."""

import asyncio
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tests.faults.matrix import Cell, Row, matrix
from tests.faults.troubles import TROUBLES
from tests.faults.ways import EVERY, missing

COLUMNS = 6
"""Ways in one table, so that it fits on a screen."""


async def main(console: Console) -> int:
    """Fill in the whole matrix, print it, and return the exit status."""
    rows = []
    async with matrix() as running:
        with console.status("") as status:
            for number, trouble in enumerate(TROUBLES, 1):
                status.update(f"{number} of {len(TROUBLES)}: {trouble.name}")
                rows.append(await running.row(trouble, EVERY))
    for start in range(0, len(EVERY), COLUMNS):
        console.print(_table(rows, start))
    cells = [cell for row in rows for cell in row.cells]
    problems = [f"{cell.trouble.name} x {cell.way.name}: {text}" for cell in cells for text in cell.problems]
    problems += [f"{row.trouble.name}: {text}" for row in rows for text in row.problems]
    problems += [f"{event} is not in the matrix" for event in missing(EVERY)]
    for problem in problems:
        console.print(f"[red]{escape(problem)}[/]", soft_wrap=True)
    console.print(f"{len(cells)} cells ({len(EVERY)} ways x {len(TROUBLES)} faults), {len(problems)} problems")
    return 1 if problems else 0


def _table(rows: Sequence[Row], start: int) -> Table:
    table = Table("fault", *(way.name for way in EVERY[start : start + COLUMNS]))
    for row in rows:
        cells = {cell.way.name: cell for cell in row.cells}
        table.add_row(row.trouble.name, *(_shown(cells.get(way.name)) for way in EVERY[start : start + COLUMNS]))
    return table


def _shown(cell: Cell | None) -> str:
    if cell is None:
        return "-"
    return f"[{'red' if cell.problems else 'green'}]{escape(', '.join(sorted(cell.codes)))}[/]"


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Console())))
