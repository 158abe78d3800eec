"""The cells of a CSV as they stand in the file, so that those that are not changed come out byte for byte."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of cells as written, quotes included; ``start`` is what stands before them, ``newline`` between rows."""

    rows: list[list[str]]
    separator: str
    newline: str
    start: str = ""

    def text(self, rows: Sequence[Sequence[str]]) -> str:
        """Write rows as the file had them."""
        return self.start + "".join(self.separator.join(row) + self.newline for row in rows)


def read_cells(content: str) -> Cells:
    """Read a CSV, whose separator is the one that its first line has most of."""
    start = "\ufeff" if content.startswith("\ufeff") else ""
    body = content.removeprefix("\ufeff")
    first = re.match(r"[^\r\n]*", body)
    separator = max(_SEPARATORS, key=(first[0] if first else "").count)
    newline = "\r\n" if "\r\n" in body else "\n"
    cell = re.compile(rf'("(?:[^"]|"")*"|[^{separator}\r\n]*)({separator}|\r\n|\n|\r|\Z)')
    rows: list[list[str]] = [[]]
    place = 0
    while place < len(body) and (found := cell.match(body, place)):
        rows[-1].append(found[1])
        place = found.end()
        if found[2] != separator and place < len(body):
            rows.append([])
    return Cells(rows if body else [], separator, newline, start)


def plain(cell: str) -> str:
    """Return what a cell says."""
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"').strip()
    return cell.strip()


def written(text: str) -> str:
    """Return a cell that says a text."""
    return '"' + text.replace('"', '""') + '"' if re.search(r'[\s",;]', text) else text
