"""A picture of the benchmark: the CPU of a check and the memory of a wait, a bar for each contestant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

_WIDTH, _NAME, _BAR, _HEIGHT = 760, 150, 460, 18

_OURS, _OTHER, _LATE = "#1f6feb", "#8b949e", "#d0d7de"

_PANELS = (
    ("cpu_us_per_execution_round", "CPU of a status check, in µs"),
    ("kb_per_execution", "memory of a wait, in KB"),
)

_PLACES = {"loop": "one event loop", "triggerer": "a real triggerer"}


def draw(rows: Sequence[Mapping[str, Any]], keeps_up: Callable[[Mapping[str, Any]], bool]) -> str:
    """
    Return the picture as SVG.

    :param rows: of the report.
    :param keeps_up: whether a contestant has made its checks; the bar of another one is pale.
    """
    parts: list[str] = []
    y = 10
    for where, n in dict.fromkeys((row["where"], row["n"]) for row in rows if row["where"] in _PLACES):
        for name, title in _PANELS:
            group = [
                row
                for row in rows
                if (row["where"], row["n"]) == (where, n) and row["checks_wanted"] and row[name] is not None
            ]
            if not group:
                continue
            heading = escape(f"{n:,} executions, {_PLACES[where]}: {title}")
            parts.append(f'<text x="10" y="{y + 12}" font-weight="bold">{heading}</text>')
            y += _HEIGHT + 4
            most = max(1, *(row[name] for row in group))
            # Who does not keep up comes last: it is nobody's best.
            for row in sorted(group, key=lambda row: (not keeps_up(row), float(row[name]))):
                parts += _bar(y, row["contestant"], row[name], row[name] / most, kept=keeps_up(row))
                y += _HEIGHT
            y += _HEIGHT
    size = f'width="{_WIDTH}" height="{y}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, f'<rect {size} fill="white"/>', *parts, "</svg>\n"])


def _bar(y: int, contestant: str, figure: float, part: float, *, kept: bool) -> list[str]:
    colour = (_OURS if contestant.startswith("ours") else _OTHER) if kept else _LATE
    width = max(1, _BAR * part)
    value = f"{figure:,.0f}" if figure >= 10 else f"{figure:,.1f}"
    label = value if kept else f"{value}, does not keep up"
    return [
        f'<text x="{_NAME - 6}" y="{y + 12}" text-anchor="end">{escape(contestant)}</text>',
        f'<rect x="{_NAME}" y="{y + 1}" width="{width:.1f}" height="{_HEIGHT - 4}" fill="{colour}"/>',
        f'<text x="{_NAME + width + 5:.1f}" y="{y + 12}">{label}</text>',
    ]
