"""What a command prints: a table for people, JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

_COLUMNS = 8
_CELL = 60


def as_json(value: object) -> str:
    """Write a value as indented JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def show(console: Console, data: Any) -> None:
    """Print what a method answered: a list as a table with a row each, an object as one with a key each."""
    if isinstance(data, list) and data and all(isinstance(row, dict) for row in data):
        _rows(console, data)
    elif isinstance(data, dict):
        _object(console, data)
    elif isinstance(data, list):
        for item in data:
            console.print(escape(_cell(item)))
        console.print(f"[dim]{len(data)} in all[/]")
    else:
        console.print(escape(_cell(data)))


def _rows(console: Console, rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the columns that say something, short ones first to last as they come, up to as many as can be read."""
    filled = [name for name in rows[0] if any(_says(row.get(name)) for row in rows)]
    once: dict[str, str] = {}
    for name in filled:  # both dialects of a user say the same twice
        once.setdefault("\0".join(_cell(row.get(name)) for row in rows), name)
    columns = list(once.values())[:_COLUMNS]
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(escape(_cell(row.get(name))) for name in columns))
    console.print(table)
    left = len(once) - len(columns)
    more = f", {left} more columns with --json" if left > 0 else ""
    console.print(f"[dim]{len(rows)} in all{more}[/]")


def _object(console: Console, value: Mapping[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    lists: list[tuple[str, list[Any]]] = []
    for name, inner in value.items():
        if isinstance(inner, list) and inner and isinstance(inner[0], dict):
            lists.append((name, inner))
        else:
            table.add_row(f"[bold]{escape(name)}[/]", escape(_cell(inner)))
    console.print(table)
    for name, rows in lists:
        console.print(f"\n[bold]{escape(name)}[/]")
        _rows(console, rows)


def _says(value: Any) -> bool:
    return value not in (None, "", [], {})


def _cell(value: Any) -> str:
    """Write a value into a cell: short, on one line, without what a terminal would obey."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    if isinstance(value, list):
        text = ", ".join(_cell(each) for each in value) if all(_is_plain(each) for each in value) else f"{len(value)} …"
    elif isinstance(value, dict):
        text = str(next((value[key] for key in ("name", "fullname", "filename") if key in value), f"{len(value)} …"))
    else:
        text = str(value)
    line = "".join(character if character.isprintable() else " " for character in text)
    return line if len(line) <= _CELL else f"{line[: _CELL - 1]}…"


def _is_plain(value: Any) -> bool:
    return isinstance(value, str | int | float)
