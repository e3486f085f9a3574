"""
Compute the table of a chaos run from its raw files alone, and compare it with the table that the run has written.

    python -m dev.chaos.recompute build

The raw files are the emulator's ledger (``chaos-ledger.json``), Airflow's task instances with their logs
(``chaos-airflow.json``), and what ``airflow workflow-executions reconcile`` has found after that, with the emulator's ledger of the
time when it had ended (``chaos-reconcile.json``). The expected results come from the tables of faults.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from dev.chaos.faults import FAULTS, Fault
from dev.chaos.shared_faults import SHARED_FAULTS, SharedFault
from dev.vendors import CASES

#: What a supervisor logs when its task was given another state; a later error is a consequence of that.
_ENDED_FROM_OUTSIDE = "Server indicated the task shouldn't be running anymore"
_ALL: list[Fault | SharedFault] = [*FAULTS, *SHARED_FAULTS]
#: The states in which Airflow does nothing more about a task, without that of a success.
ENDED_STATES = frozenset({"failed", "upstream_failed", "skipped", "removed"})
_COMPARED = ("runs_started", "runs_stopped", "outcome")
_FAULTS = {fault.name: fault for fault in _ALL}


def rows(
    ledger: dict[str, Any], airflow: list[dict[str, Any]], reconciled: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return a row for each injected fault."""
    return [_row(ledger["runs"], task, reconciled) for task in airflow]


def _runs_of(all_runs: list[dict[str, Any]], task: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the executions of a case."""
    vendor = CASES[task["vendor"]]
    workflow = vendor.new_workflow.format(task["case"])
    return [run for run in all_runs if (run["vendor"], run["workflow_id"]) == (vendor.conn_type, workflow)]


def _left_over(runs: list[dict[str, Any]], task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the executions that go on, by their ids, although Airflow does nothing more about the task."""
    if task["state"] not in ENDED_STATES:
        return {}
    return {run["execution_id"]: run for run in runs if not run["is_terminal"] and not run["stops"]}


def _found(reconciled: dict[str, Any], task: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the command has found of the task of a case."""
    key = (task.get("dag_id"), task.get("dag_run_id"))
    return [each for each in reconciled["found"] if (each["dag_id"], each["run_id"]) == key]


def _row(all_runs: list[dict[str, Any]], task: dict[str, Any], reconciled: dict[str, Any]) -> dict[str, Any]:
    vendor = CASES[task["vendor"]]
    expected = _FAULTS[task["fault"]].expects(vendor, task["mode"])
    runs = _runs_of(all_runs, task)
    logs = json.dumps(task["logs"])
    left, found = _left_over(runs, task), _found(reconciled, task)
    named = {each["execution_id"] for each in found} & left.keys()
    # A lost start that the vendor does not show is found without an id.
    lost = sum(each["execution_id"] is None for each in found)
    after = {run["execution_id"]: run for run in _runs_of(reconciled["runs"], task)}
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
        "orphans": sum(_is_orphan(run, task, logs, can_stop=bool(vendor.stop)) for run in runs),
        "left_over": len(left),
        "left_over_found": len(named) + min(lost, len(left) - len(named)),
        "left_over_stopped": sum(after[name]["stops"] > 0 for name in left),
        # Some vendors' executions end while their lists are read.
        "left_over_going": sum(
            not after[name]["stops"] and not after[name]["is_terminal"] for name in named if vendor.stop
        ),
        "outcome": outcome(task),
        "outcome_expected": expected.outcome,
    }


def _is_orphan(run: dict[str, Any], task: dict[str, Any], logs: str, *, can_stop: bool) -> bool:
    """Whether an execution goes on that could be stopped, while no task waits for it and no log names it."""
    waited_for = task["state"] not in ("success", "failed", "skipped")
    # A label of ours begins with what a person searches for. A rerun has none: it is known by the execution that was run again.
    label = str(run["tag"] or "")
    label = label.split(maxsplit=1)[0] if label.startswith("airflow-") else label
    names = (run["execution_id"], label, run.get("rerun_of"))
    named = any(name in logs for name in names if name)
    return can_stop and not run["is_terminal"] and not waited_for and not named


def outcome(task: dict[str, Any]) -> str:
    """Return the last state of the task and, if it failed without a person, the class of the error."""
    if task["state"] != "failed" or not task["logs"]:
        return str(task["state"])
    last = task["logs"][-1]
    if any(str(line.get("event", "")).startswith(_ENDED_FROM_OUTSIDE) for line in last):
        return "failed"
    for line in reversed(last):
        for error in line.get("error_detail") or ():
            return f"failed: {error['exc_type']}"
    return "failed"


def unexpected(table: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows that are not as expected."""
    return [
        row
        for row in table
        if row["orphans"]
        or row["left_over_found"] != row["left_over"]
        or row["left_over_going"]
        or any(row[name] != row[f"{name}_expected"] for name in _COMPARED)
    ]


def false_alarms(
    ledger: dict[str, Any], airflow: list[dict[str, Any]], reconciled: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return what the command has found although nothing is left over: no such execution, and no lost start."""
    wrong = list(reconciled["found"])
    for task in airflow:
        left, lost = _left_over(_runs_of(ledger["runs"], task), task), outcome(task).endswith("LostStart")
        for each in _found(reconciled, task):
            if each["execution_id"] in left or (lost and each["found"] == "lost"):
                wrong.remove(each)
    return wrong


def show(table: list[dict[str, Any]]) -> None:
    """Print a line for each fault: the number of rows, and their outcomes."""
    names = dict.fromkeys(row["fault"] for row in table)
    width = max(map(len, names), default=0)
    for name in names:
        mine = [row for row in table if row["fault"] == name]
        wrong = len(unexpected(mine))
        outcomes = ", ".join(sorted({row["outcome"] for row in mine}))
        print(
            f"{name:<{width}} {len(mine):>4} {'all as expected' if not wrong else f'{wrong} UNEXPECTED':<16} {outcomes}"
        )


def main() -> int:
    """Compare the two tables; the exit code says whether they are the same."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build")
    ledger = json.loads((folder / "chaos-ledger.json").read_text())
    airflow = json.loads((folder / "chaos-airflow.json").read_text())
    reconciled = json.loads((folder / "chaos-reconcile.json").read_text())
    written = json.loads((folder / "chaos.json").read_text())
    computed = rows(ledger, airflow, reconciled)
    same = computed == written
    print(
        f"{len(computed)} rows from the raw files, {len(written)} written: {'the same' if same else 'NOT the same'}"
    )
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
