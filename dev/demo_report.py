"""The output of the demo: lines while it runs, a table and a JSON file at the end."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dev.demo_runs import Task

_COLOURS = {
    "success": 32,
    "failed": 31,
    "upstream_failed": 31,
    "deferred": 36,
    "up_for_retry": 33,
    "running": 34,
}
_FIELDS = (
    "dag_id",
    "vendor",
    "task_id",
    "map_index",
    "execution_id",
    "state",
    "expected",
    "deferred",
    "seconds",
    "outputs",
)


def say(text: str = "") -> None:
    """Print without a buffer, which in a pipe would hold all lines until the end."""
    print(text, flush=True)


def coloured(text: str, state: str | None) -> str:
    """Return a text in the colour of an Airflow state, if the output is a terminal."""
    colour = _COLOURS.get(state or "")
    if colour is None or not sys.stdout.isatty() or "NO_COLOR" in os.environ:
        return text
    return f"\033[{colour}m{text}\033[0m"


def progress(seconds: float, task: Task, dag_width: int) -> str:
    """Return the line about a change of a task."""
    state = coloured(f"{task.state or '':<15}", task.state)
    columns = [
        f"{seconds:4.0f} s",
        task.dag_id.ljust(dag_width),
        f"{task.name:<20}",
        f"{task.vendor or '':<11}",
    ]
    return "  ".join([*columns, state, task.execution_id or ""]).rstrip()


def table(tasks: Sequence[Task]) -> str:
    """Return a table with a row for each vendor task; its stored files and the message of a failure are on lines below it."""
    head = ["vendor", "DAG", "task", "state", "expected", "deferred", "seconds", "execution id"]
    rows = [
        [
            task.vendor or "",
            task.dag_id,
            task.name,
            task.state or "none",
            task.expected,
            "yes" if task.deferred else "no",
            "" if task.seconds is None else f"{task.seconds:.1f}",
            task.execution_id or "-",
        ]
        for task in tasks
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [_line(head, widths), _line(["-" * width for width in widths], widths)]
    for task, row in zip(tasks, rows, strict=True):
        lines.append(_line(row, widths, task) + ("" if task.as_expected else "  <- not as expected"))
        lines += [
            f"{' ' * (widths[0] + 2)}{output['uri']} ({output['bytes']} bytes)" for output in task.outputs
        ]
        if task.message:
            lines.append(f"{' ' * (widths[0] + 2)}{task.message.splitlines()[0]}")
    return "\n".join(lines)


def write(tasks: Sequence[Task], path: Path) -> None:
    """Write the same content as the table, for programs."""
    rows = [{name: getattr(task, name) for name in _FIELDS} for task in tasks]
    path.write_text(json.dumps(rows, indent=2) + "\n")


def _line(cells: Sequence[str], widths: Sequence[int], task: Task | None = None) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=True)]
    if task is not None:
        padded[3] = coloured(padded[3], "success" if task.as_expected else "failed")
    return "  ".join(padded).rstrip()
