"""A plot as SVG by hand: small panels one above the other, each a line over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

WIDTH, HEIGHT, LEFT, TOP, GAP = 720, 90, 70, 24, 34


@dataclass(frozen=True)
class Panel:
    """One line: its title, and a value for each moment."""

    title: str
    values: Sequence[float]


def plot(seconds: Sequence[float], panels: Sequence[Panel], *, marks: Sequence[float] = ()) -> str:
    """Draw panels over the same seconds; dashed lines at ``marks``. All values start from zero."""
    last = max(seconds)
    height = TOP + len(panels) * (HEIGHT + GAP)
    box = f"0 0 {LEFT + WIDTH + 20} {height}"
    style = 'font-family="sans-serif" font-size="12" fill="#777"'
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" {style}>']
    for number, panel in enumerate(panels):
        top = TOP + number * (HEIGHT + GAP)
        most = max(*panel.values, 1)
        points = " ".join(
            f"{LEFT + WIDTH * at / last:.1f},{top + HEIGHT * (1 - value / most):.1f}"
            for at, value in zip(seconds, panel.values, strict=True)
        )
        parts += [
            f'<text x="{LEFT}" y="{top - 6}">{escape(panel.title)}</text>',
            f'<text x="{LEFT - 6}" y="{top + 10}" text-anchor="end">{most:.0f}</text>',
            f'<text x="{LEFT - 6}" y="{top + HEIGHT}" text-anchor="end">0</text>',
            f'<path d="M{LEFT} {top}V{top + HEIGHT}H{LEFT + WIDTH}" fill="none" stroke="#999"/>',
            f'<polyline points="{points}" fill="none" stroke="#3b7dd8" stroke-width="1.5"/>',
        ]
        parts += [
            f'<path d="M{LEFT + WIDTH * mark / last:.1f} {top}v{HEIGHT}" stroke="#bbb" stroke-dasharray="4 3"/>'
            for mark in marks
        ]
    parts.append(f'<text x="{LEFT + WIDTH}" y="{height - 8}" text-anchor="end">{last:.0f} s</text></svg>')
    return "\n".join(parts) + "\n"


@dataclass(frozen=True)
class Bar:
    """One bar: what it stands for, and how long it is."""

    name: str
    value: float


def bars(title: str, rows: Sequence[Bar]) -> str:
    """Draw horizontal bars from zero, one below the other, each with its value."""
    left, width, step = 330, 380, 20
    most = max([bar.value for bar in rows], default=1) or 1
    height = TOP + step * len(rows) + 10
    style = 'font-family="sans-serif" font-size="12" fill="#777"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 60} {height}" {style}>',
        f'<text x="{left}" y="{TOP - 8}">{escape(title)}</text>',
    ]
    for number, bar in enumerate(rows):
        top = TOP + step * number
        parts += [
            f'<text x="{left - 6}" y="{top + 12}" text-anchor="end">{escape(bar.name)}</text>',
            f'<rect x="{left}" y="{top + 2}" width="{width * bar.value / most:.1f}" height="13" fill="#3b7dd8"/>',
            f'<text x="{left + width * bar.value / most + 5:.1f}" y="{top + 12}">{bar.value:.2f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
