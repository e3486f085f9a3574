"""
Run every example DAG on a real Airflow with the emulated vendors, and print how each has ended.

A DAG with the tag `expect:failed` is expected to fail, every other one to succeed.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dev import processes
from dev.demo_report import progress, say, table, write
from dev.demo_runs import Runs
from dev.real_airflow import RealAirflow
from dev.vendors import DOCUMENT

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / ".demo"
EXAMPLES = ROOT / "example_dags"
# How long an emulated execution takes. If a trigger sent its event within 5 s, the scheduler could fail its task.
RUN_SECONDS = 12
TIMEOUT = 600
# Emulated executions are short, so the tasks poll more often than usual. The files do not change while the DAGs run, and each time that
# they are read Airflow writes into its database, which has one writer at a time.
SETTINGS = {
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
    "AIRFLOW__WORKFLOW_PROVIDERS__POLL_INTERVAL": "2",
    "AIRFLOW__WORKFLOW_PROVIDERS__INPUT_FOLDERS": f"{DOCUMENT.parent},{Path(tempfile.gettempdir()) / 'datalab_inbox'}",
}
INTERRUPTED = 130


def main() -> int:
    """Run the demo; the exit code is 0 only if every example has ended as expected."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave Airflow up after the table, until Ctrl-C")
    keep = parser.parse_args().keep
    DEMO.mkdir(exist_ok=True)
    with (DEMO / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another demo is running in this folder. End it first.")
            return 1
        try:
            with processes.termination_unwinds():
                return _run(keep=keep)
        except KeyboardInterrupt:
            say("\nInterrupted. All processes of the demo have ended.")
            return INTERRUPTED
        except (RuntimeError, TimeoutError) as error:
            say(f"\n{error}")
            return 1


def _run(*, keep: bool) -> int:
    began = time.monotonic()
    shutil.rmtree(DEMO / "airflow", ignore_errors=True)
    (DEMO / "report.json").unlink(missing_ok=True)
    say(
        f"Starting the emulated vendors and Airflow {version('apache-airflow')}. Its logs are in .demo/airflow/logs."
    )
    with _emulator() as (emulator, vendors):
        connections = {f"{name}_default": vendor["connection"] for name, vendor in vendors.items()}
        with RealAirflow(DEMO / "airflow", EXAMPLES, connections, SETTINGS) as airflow:
            say(
                f"Airflow is up after {time.monotonic() - began:.0f} s. Connections: {', '.join(sorted(connections))}."
            )
            passed = _run_examples(airflow, began)
            if keep:
                say(f"\nAirflow stays up at {airflow.url} (no login needed) until Ctrl-C.")
                _keep_until_interrupted(airflow, emulator)
    return 0 if passed else 1


def _run_examples(airflow: RealAirflow, began: float) -> bool:
    """Run all examples, print their progress, and return whether all have ended as expected."""
    runs = Runs(airflow, _wait_for_examples(airflow))
    say(f"Running {len(runs.tags)} DAGs, a few at a time.\n")
    width = max(map(len, runs.tags))
    deadline = time.monotonic() + TIMEOUT
    while not runs.ended and time.monotonic() < deadline:
        for name in airflow.launch_again_after_lock():
            say(f"Airflow's {name} has ended, because its SQLite database was locked. It was started again.")
        airflow.check_alive()
        runs.start_more()
        for task in runs.update():
            say(progress(time.monotonic() - began, task, width))
        time.sleep(1)
    tasks = runs.vendor_tasks()
    write(tasks, DEMO / "report.json")
    say(f"\n{table(tasks)}\n")
    wrong = [dag_id for dag_id in runs.tags if not runs.ended_as_expected(dag_id)]
    for dag_id in wrong:
        say(f"The run of {dag_id} ended as {runs.states.get(dag_id)}, which is not expected.")
    as_expected = sum(task.as_expected for task in tasks)
    say(
        f"{as_expected} of {len(tasks)} ended as expected ({time.monotonic() - began:.0f} s; .demo/report.json)"
    )
    return not wrong and as_expected == len(tasks) > 0


def _wait_for_examples(airflow: RealAirflow, seconds: float = 60) -> dict[str, frozenset[str]]:
    """Return the tags of every example DAG, as soon as each file has at least one DAG."""
    files = {path.name for path in EXAMPLES.glob("*.py") if not path.name.startswith("_")}
    if not files:
        raise RuntimeError("There is no file in example_dags/.")
    deadline = time.monotonic() + seconds
    while True:
        dags = airflow.dags()
        if errors := airflow.import_errors():
            raise RuntimeError(
                "\n\n".join(f"{file} cannot be parsed:\n{trace}" for file, trace in errors.items())
            )
        missing = files - {dag["relative_fileloc"] for dag in dags}
        if not missing:
            return {dag["dag_id"]: frozenset(tag["name"] for tag in dag["tags"]) for dag in dags}
        if time.monotonic() > deadline:
            raise TimeoutError(f"No DAG appeared from {', '.join(sorted(missing))} within {seconds:.0f} s.")
        airflow.check_alive()
        time.sleep(0.5)


@contextmanager
def _emulator() -> Iterator[tuple[processes.Component, dict[str, Any]]]:
    """Run the emulated vendors; yield their process, and the connection to each."""
    command = [sys.executable, "-m", "airflow_workflow_providers.emulator", "--port", "0"]
    log = DEMO / "emulator.log"
    log.unlink(missing_ok=True)
    started: list[processes.Component] = []
    try:
        with processes.uninterrupted():
            started.append(
                processes.start(
                    "emulator",
                    [*command, "--seconds", str(RUN_SECONDS)],
                    log=log,
                    env={**os.environ, "PYTHONUNBUFFERED": "1"},
                    cwd=DEMO,
                )
            )
        yield started[0], _announced(started[0])["vendors"]
    finally:
        with processes.uninterrupted():
            processes.end(started)


def _announced(emulator: processes.Component, seconds: float = 60) -> dict[str, Any]:
    """Return the line of JSON in which the emulator prints its addresses."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for line in emulator.log.read_text().splitlines(keepends=True):
            if line.startswith("{") and line.endswith("\n"):
                return dict(json.loads(line))
        emulator.check_alive()
        time.sleep(0.1)
    raise TimeoutError(f"The emulator did not print its addresses within {seconds:.0f} s:\n{emulator.tail()}")


def _keep_until_interrupted(airflow: RealAirflow, emulator: processes.Component) -> None:
    try:
        while True:
            airflow.check_alive()
            emulator.check_alive()
            time.sleep(1)
    except KeyboardInterrupt:
        say("\nStopping.")


if __name__ == "__main__":
    sys.exit(main())
