"""
Compute the table of a chaos run from its raw files alone, and hold it against the table that the run has written.

    python -m dev.chaos.recompute build

The raw files are the emulator's ledger (``chaos-ledger.json``) and Airflow's task instances with their logs
(``chaos-airflow.json``); what was expected is looked up in the table of faults.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dev.chaos.faults import FAULTS, Fault
from dev.chaos.surfaces import SURFACES
from dev.chaos.together import TOGETHER, Together

COLUMNS = (
    "case",
    "fault",
    "vendor",
    "mode",
    "tries",
    "runs_started",
    "runs_started_expected",
    "runs_stopped",
    "runs_stopped_expected",
    "orphans",
    "outcome",
    "outcome_expected",
)
#: What a supervisor says when somebody has given its task another state; errors after that are those of its end.
_ENDED_FROM_OUTSIDE = "Server indicated the task shouldn't be running anymore"
_ALL: list[Fault | Together] = [*FAULTS, *TOGETHER]
_TABLE = {fault.name: fault for fault in _ALL}


def rows(ledger: dict[str, Any], airflow: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return a row for each injected fault."""
    return [_row(ledger["runs"], task) for task in airflow]


def _row(all_runs: list[dict[str, Any]], task: dict[str, Any]) -> dict[str, Any]:
    surface = SURFACES[task["vendor"]]
    expected = _TABLE[task["fault"]].expects(surface, task["mode"])
    workflow = surface.workflow.format(task["case"])
    runs = [run for run in all_runs if (run["vendor"], run["workflow_id"]) == (surface.vendor, workflow)]
    said = json.dumps(task["logs"])
    return {
        "case": task["case"],
        "fault": task["fault"],
        "vendor": task["vendor"],
        "mode": task["mode"],
        "tries": task["try_number"],
        "runs_started": len(runs),
        "runs_started_expected": expected.started,
        "runs_stopped": sum(run["stops"] for run in runs),
        "runs_stopped_expected": expected.stopped,
        "orphans": sum(_is_orphan(run, task, said, can_stop=bool(surface.stop)) for run in runs),
        "outcome": outcome(task),
        "outcome_expected": expected.outcome,
    }


def _is_orphan(run: dict[str, Any], task: dict[str, Any], said: str, *, can_stop: bool) -> bool:
    """Whether a run goes on that could be stopped, that no task waits for, and that nothing names."""
    waited_for = task["state"] not in ("success", "failed", "skipped")
    named = run["execution_id"] in said or (run["tag"] or "no tag") in said
    return can_stop and not run["over"] and not waited_for and not named


def outcome(task: dict[str, Any]) -> str:
    """Return Airflow's last word for the task and, where an error failed it and not a person, that."""
    if task["state"] != "failed" or not task["logs"]:
        return str(task["state"])
    last = task["logs"][-1]
    if any(str(line.get("event", "")).startswith(_ENDED_FROM_OUTSIDE) for line in last):
        return "failed"
    for line in reversed(last):
        for error in line.get("error_detail") or ():
            return f"failed: {error['exc_type']}"
    return "failed"


def faulty(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are not as expected."""
    return [
        row
        for row in table
        if row["orphans"]
        or any(row[name] != row[f"{name}_expected"] for name in ("runs_started", "runs_stopped", "outcome"))
    ]


def show(table: list[dict[str, Any]]) -> None:
    """Print a line for each fault: how many rows, and what came of them."""
    for name in dict.fromkeys(row["fault"] for row in table):
        mine = [row for row in table if row["fault"] == name]
        wrong = len(faulty(mine))
        outcomes = ", ".join(sorted({row["outcome"] for row in mine}))
        print(
            f"{name:<62} {len(mine):>4} {'all as expected' if not wrong else f'{wrong} UNEXPECTED':<16} {outcomes}"
        )


def main() -> int:
    """Compare; the exit code says whether the two tables are the same."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build")
    ledger = json.loads((folder / "chaos-ledger.json").read_text())
    airflow = json.loads((folder / "chaos-airflow.json").read_text())
    written = json.loads((folder / "chaos.json").read_text())
    computed = rows(ledger, airflow)
    same = computed == written
    print(
        f"{len(computed)} rows from the raw files, {len(written)} written: {'the same' if same else 'NOT the same'}"
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
