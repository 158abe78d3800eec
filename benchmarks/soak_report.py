"""What a soak has shown: figures, a plot, and whether all is flat."""

import os
import statistics
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from plot import Panel, plot
from rich.console import Console
from rich.table import Table

FIGURES = Path(__file__).parent.parent / "docs" / "_static"
NAMES = {
    "memory": "memory, MiB (RSS)",
    "descriptors": "file descriptors",
    "threads": "threads",
    "tasks": "asyncio tasks",
    "sockets": "sockets",
}
WARM, LATE = (0.3, 0.45), (0.85, 1.0)
"""The parts of the run that are compared: what is between them should not be seen in the figures."""

MOST_GROWTH, MOST_GROWTH_MIB = 0.08, 8
"""Of the memory, as a part of it and in MiB, whichever is more: the noise of an allocator."""

MORE = 8
"""Descriptors, tasks and sockets that may be there at rest after all, over those before."""


@dataclass(frozen=True)
class Sample:
    """The service at one moment: memory in MiB, counts, and replies so far."""

    at: float
    memory: float
    descriptors: int
    threads: int
    tasks: int
    sockets: int
    replies: int


@dataclass(frozen=True)
class Report:
    """A soak of ``seconds``; all replies had come after ``took``. ``codes`` counts the replies by how they ended."""

    before: Sample
    after: Sample
    samples: Sequence[Sample]
    codes: Counter[str]
    unanswered: int
    seconds: int
    took: float

    def problems(self) -> list[str]:
        """Say what is not as it should be."""
        return list(self._problems())

    def _problems(self) -> Iterator[str]:
        warm, late = (min(each.memory for each in self._part(part)) for part in (WARM, LATE))
        grown = late - warm  # of the floor: answers come and go
        if grown > max(MOST_GROWTH_MIB, MOST_GROWTH * warm):
            yield f"memory has grown by {grown:.0f} MiB"
        for name in ("descriptors", "tasks", "sockets"):
            had, has = getattr(self.before, name), getattr(self.after, name)
            if has > had + MORE:
                yield f"{has} {NAMES[name]} are left, where {had} were before"
        if self.unanswered:
            yield f"{self.unanswered} calls got no reply"
        if self.codes["internal"]:
            yield f"{self.codes['internal']} calls ended with a bug"

    def _part(self, part: tuple[float, float]) -> list[Sample]:
        first, last = part[0] * self.seconds, part[1] * self.seconds
        return [each for each in self.samples if first < each.at <= last]

    def _middle(self, name: str, part: tuple[float, float]) -> float:
        """Give the median of a figure over a part of the run."""
        return statistics.median(float(getattr(each, name)) for each in self._part(part))

    def table(self) -> list[list[str]]:
        """Give the figures, a heading first."""
        rows = [["", "at rest before", "after warming up", "at the end", "at rest after"]]
        for name, title in NAMES.items():
            figures = (
                getattr(self.before, name),
                self._middle(name, WARM),
                self._middle(name, LATE),
                getattr(self.after, name),
            )
            rows.append([title, *(f"{figure:.0f}" for figure in figures)])
        return rows

    def sentence(self) -> str:
        """Tell the rest of it in words."""
        total = self.codes.total()
        ended = ", ".join(f"{count} {code}" for code, count in self.codes.most_common())
        return (
            f"{total} calls answered in {self.took:.0f} s, {total / self.took:.1f} a second, on {os.cpu_count()} cores "
            f"shared with site and callers: {ended}; {self.unanswered} without a reply."
        )

    def show(self, console: Console) -> None:
        """Print it."""
        head, *rows = self.table()
        table = Table(*head)
        for row in rows:
            table.add_row(*row)
        console.print(table)
        console.print(self.sentence())
        for problem in self.problems():
            console.print(f"[red]{problem}[/]")
        if not self.problems():
            console.print("[green]All is flat.[/]")

    def write(self) -> None:
        """Put figures and plot where the documentation has them."""
        head, *rows = ("| " + " | ".join(row) + " |" for row in self.table())
        lines = [head, "| --- " + "| ---: " * 4 + "|", *rows, "", self.sentence(), ""]
        (FIGURES / "soak.txt").write_text("\n".join(lines), encoding="utf-8")
        panels = [Panel(title, [getattr(each, name) for each in self.samples]) for name, title in NAMES.items()]
        replies = [each.replies for each in self.samples]
        at = [each.at for each in self.samples]
        pace = [
            (replies[index] - replies[max(0, index - 10)]) / max(at[index] - at[max(0, index - 10)], 1)
            for index in range(len(at))
        ]
        picture = plot(at, [*panels, Panel("calls answered a second", pace)], marks=[self.seconds])
        (FIGURES / "soak.svg").write_text(picture, encoding="utf-8")
