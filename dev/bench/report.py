"""The rows of a benchmark as a table, as JSON, and as a picture."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from dev.bench import picture

Row: TypeAlias = dict[str, Any]

#: Who makes fewer checks than this part of what is wanted does not keep up, and is nobody's best.
ENOUGH = 0.95

#: What identifies a row.
_KEY = ("contestant", "where", "n")

#: The figures of a row; a place or a contestant that has no such figure has ``None``.
FIGURES = (
    "checks_wanted",
    "checks_made",
    "cpu_us_per_execution_round",
    "calls_per_round",
    "connections_per_round",
    "connections_open",
    "kb_per_execution",
    "lag_ms_p50",
    "lag_ms_p99",
    "lag_ms_max",
    "delay_s_median",
    "delay_s_p99",
    "cpu_s_per_execution",
    "airflow_requests_per_execution",
)

#: Besides: the load of the core and of the stub's, and what a DAG file costs.
_MORE = ("cpu_share", "stub_cpu_share", "checks_per_execution", "import_cpu_s", "parse_cpu_s", "load")

#: Of the worker of a batch: what an input costs, the memory of the process, and how often it writes into Airflow's database.
_WORKER = ("seconds", "cpu_ms_per_input", "worker_mb", "store_writes_per_s", "store_writes_in_a_second")

_COLUMNS = (
    ("CPU us/check", "cpu_us_per_execution_round", "{:,.0f}"),
    ("calls/round", "calls_per_round", "{:,.1f}"),
    ("new conn./round", "connections_per_round", "{:,.1f}"),
    ("open", "connections_open", "{:,.0f}"),
    ("KB/wait", "kb_per_execution", "{:,.1f}"),
    ("lag p50", "lag_ms_p50", "{:,.1f}"),
    ("p99", "lag_ms_p99", "{:,.1f}"),
    ("max ms", "lag_ms_max", "{:,.0f}"),
    ("delay p50", "delay_s_median", "{:,.1f}"),
    ("p99 s", "delay_s_p99", "{:,.1f}"),
    ("requests", "airflow_requests_per_execution", "{:,.0f}"),
    ("core", "cpu_share", "{:.0%}"),
    ("stub", "stub_cpu_share", "{:.0%}"),
)


#: What is compared: a title, a figure, where, of whom, with whom, and how much it may be at the most, by size. With an empty
#: loop the difference counts, with another contestant the ratio, with nobody the figure itself.
_COMPARED: tuple[tuple[str, str, str, str, str, dict[int, float]], ...] = (
    ("CPU a check", "cpu_us_per_execution_round", "loop", "ours", "databricks", {1000: 0.8, 5000: 0.6}),
    (
        "CPU a wait and round",
        "cpu_us_per_execution_round",
        "loop",
        "ours-list",
        "databricks",
        {1000: 1 / 8, 5000: 1 / 8},
    ),
    (
        "CPU a run of one hour",
        "cpu_s_per_execution",
        "loop",
        "ours-adaptive",
        "ours",
        {200: 1 / 3, 1000: 1 / 3},
    ),
    ("CPU a check, triggerer", "cpu_us_per_execution_round", "triggerer", "ours", "databricks", {200: 0.4}),
    ("KB a wait", "kb_per_execution", "loop", "ours", "", {1000: 20, 5000: 12}),
    ("KB a wait of a batch", "kb_per_execution", "batch", "ours-batch", "", {20_000: 7.5}),
    ("MB of a worker above 20 inputs", "worker_mb", "worker", "ours-batch-worker", "", {20_000: 150}),
    (
        "writes to the store in a second",
        "store_writes_in_a_second",
        "worker",
        "ours-batch-worker",
        "",
        dict.fromkeys((1000, 5000, 20_000), 5),
    ),
    ("open connections", "connections_open", "loop", "ours", "", {200: 48, 1000: 48, 5000: 48}),
    ("lag p99 in ms", "lag_ms_p99", "loop", "ours", "idle", {1000: 10, 5000: 15}),
)


def combined(measured: Iterable[Row]) -> list[Row]:
    """
    Return one row for each contestant, place and size: the mean of its measurements; of ``lag_ms_max`` the largest.

    The measurements themselves are in ``passes``.
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in measured:
        groups.setdefault(tuple(row[name] for name in _KEY), []).append(row)
    rows = []
    for key, passes in groups.items():
        whole: Row = dict(zip(_KEY, key, strict=True))
        for name in (*FIGURES, *_MORE, *_WORKER):
            values = [each[name] for each in passes if each.get(name) is not None]
            of_all = max if name == "lag_ms_max" else statistics.mean
            whole[name] = of_all(values) if values else None
        rows.append({**whole, "at": passes[0]["at"], "passes": passes})
    return rows


def keeps_up(row: Mapping[str, Any]) -> bool:
    """Whether a contestant has made its checks; an empty loop has none to make."""
    return bool((row["checks_made"] or 0) >= ENOUGH * (row["checks_wanted"] or 0))


def line(row: Mapping[str, Any]) -> str:
    """Return one line that says what a measurement has found, while others still run."""
    found = f"{row['where']} {row['contestant']:16} {row['n']:5,}"
    if row["where"] == "dag":
        return f"{found}  operators in a file, {row['parse_cpu_s']:.2f} CPU s, {row['import_cpu_s']:.2f} of it for the import"
    if row["where"] == "worker":
        return f"{found}  {row['seconds']:.0f} s, {row['cpu_ms_per_input']:.1f} CPU ms an input, {row['worker_mb']:.0f} MB above that of 20"
    if row.get("cpu_s_per_execution"):
        return f"{found}  {row['cpu_s_per_execution']:.3f} CPU s and {row['checks_per_execution']:.0f} checks for a run of one hour"
    if not row.get("checks_wanted"):
        return f"{found}  lag p99 {row['lag_ms_p99']:.1f} ms"
    made, wanted, cpu = row["checks_made"], row["checks_wanted"], row["cpu_us_per_execution_round"] or 0
    return f"{found}  {made:,.0f} of {wanted:,.0f} checks, {cpu:,.0f} us each" + (
        "" if keeps_up(row) else ", does not keep up"
    )


def table(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of the table of the waits, with its head."""
    cells = [["where", "n", "contestant", "checks", *(title for title, _, _ in _COLUMNS)]]
    measured = [row for row in rows if row["checks_wanted"] is not None]
    for row in sorted(measured, key=lambda row: (row["where"], row["n"])):
        made, wanted = row["checks_made"], row["checks_wanted"]
        checks = f"{made / wanted:.0%}" if wanted else "-"
        figures = [_shown(row[name], form) for _, name, form in _COLUMNS]
        late = "" if keeps_up(row) else " (does not keep up)"
        cells.append([row["where"], f"{row['n']:,}", row["contestant"] + late, checks, *figures])
    return cells


def files(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of the table of the DAG files, with its head."""
    cells = [["contestant", "import, CPU s", "file with 200 operators, CPU s"]]
    cells += [
        [row["contestant"], f"{row['import_cpu_s']:.2f}", f"{row['parse_cpu_s']:.2f}"]
        for row in rows
        if row["where"] == "dag"
    ]
    return cells


def workers(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of the table of the workers of batches, with its head."""
    cells = [
        [
            "inputs",
            "seconds",
            "CPU ms an input",
            "MB above 20 inputs",
            "writes to the store a second",
            "in the busiest second",
        ]
    ]
    cells += [
        [
            f"{row['n']:,}",
            f"{row['seconds']:.0f}",
            f"{row['cpu_ms_per_input']:.1f}",
            f"{row['worker_mb']:.0f}",
            f"{row['store_writes_per_s']:.1f}",
            f"{row['store_writes_in_a_second']:.0f}",
        ]
        for row in rows
        if row["where"] == "worker"
    ]
    return cells


def hours(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of the table of the runs of one hour, with its head."""
    cells = [["n", "contestant", "CPU s for a run of one hour", "checks"]]
    for row in rows:
        if row["cpu_s_per_execution"]:
            cpu, checks = f"{row['cpu_s_per_execution']:.3f}", f"{row['checks_per_execution']:.0f}"
            cells.append([f"{row['n']:,}", row["contestant"], cpu, checks])
    return cells


def ratios(rows: Sequence[Row]) -> list[list[str]]:
    """Return the cells of the table of what is compared, with its head; what was not measured is left out."""
    by_key = {tuple(row[name] for name in _KEY): row for row in rows}
    cells = [["compared", "", "at most"]]
    for title, figure, where, contestant, other, limits in _COMPARED:
        for n, most in limits.items():
            row, beside = by_key.get((contestant, where, n)), by_key.get((other, where, n))
            if row is None or row[figure] is None or (other and (beside is None or beside[figure] is None)):
                continue
            value = row[figure]
            if beside is not None:
                value = value - beside[figure] if other == "idle" else value / beside[figure]
            late = [each["contestant"] for each in (row, beside) if each is not None and not keeps_up(each)]
            note = f" ({', '.join(late)}: does not keep up)" if late else ""
            against = f" {'above' if other == 'idle' else '/'} {other}" if other else ""
            cells.append([f"{title}, {n:,}: {contestant}{against}", f"{value:.3g}{note}", f"{most:.3g}"])
    return cells


def _shown(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def text(cells: Sequence[Sequence[str]]) -> str:
    """Return a table as text."""
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


def markdown(cells: Sequence[Sequence[str]]) -> str:
    """Return a table as a page has it."""
    head, *rows = cells
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows))


def write(rows: list[Row], output: Path) -> None:
    """Print the tables, and write the rows and their picture."""
    for cells in (table(rows), workers(rows), hours(rows), files(rows), ratios(rows)):
        if len(cells) > 1:
            print(f"\n{text(cells)}")
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(rows, indent=1) + "\n")
    output.with_suffix(".svg").write_text(picture.draw(rows, keeps_up))
    print(f"\n{output} and {output.with_suffix('.svg').name}")
