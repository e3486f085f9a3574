"""A real Airflow with one mapped DAG, whose tasks wait in its triggerer: ``python -m dev.bench.triggerer NAME``."""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from dev import certificates
from dev.bench.contestants import INTERVAL, databricks, refold
from dev.bench.figures import difference, figures, share
from dev.bench.stub import Stub
from dev.real_airflow import RealAirflow

#: The contestants, each with its connection.
DAGS: dict[str, Callable[[int], dict[str, Any]]] = {
    "ours": refold,
    "databricks": databricks,
}

#: How many tasks are mapped.
TASKS = 200

_FOLDER = Path(__file__).parent / "dags"

#: Seconds until the vendor responds.
_LATENCY = 0.05

#: How long a window is, in seconds.
_WINDOW = 40.0

#: How long the ends of all runs are spread, in seconds: a triggerer sends its events each second.
_SPREAD = 5.0

#: The run that an event names.
_RUN = re.compile(r"'(?:execution_id|run_id)': '?(\d+)")

#: How many tasks have to end before their requests to Airflow are counted.
_ENOUGH = 20


def measure(name: str, home: Path, tasks: int = TASKS) -> dict[str, Any]:
    """
    Return the row of a contestant.

    :param name: the contestant, and its DAG.
    :param home: a folder for Airflow.
    :param tasks: how many tasks are mapped.
    """
    connection = DAGS[name]
    stub = Stub(Path(os.environ["BENCH_CERTIFICATES"]) / certificates.SERVER, _LATENCY)
    requests = home / "requests"
    requests.mkdir()
    settings = {
        "BENCH_TASKS": str(tasks),
        "BENCH_INTERVAL": str(INTERVAL),
        "BENCH_REQUESTS": str(requests),
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": str(tasks),
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
    }
    try:
        with RealAirflow(home, _FOLDER, {"bench": connection(stub.port)}, settings) as airflow:
            airflow.wait_for_dags([name], 120)
            triggerer = psutil.Process(airflow.processes["triggerer"].pid)
            run = airflow.trigger(name)
            _wait(
                airflow,
                lambda: len(stub.started()) == tasks and _count(airflow, name, run, "deferred") == tasks,
            )
            time.sleep(1.5 * INTERVAL)  # the triggerer adopts the last ones
            before, cpu, began = stub.counts(), _cpu(triggerer), time.monotonic()
            time.sleep(_WINDOW)
            took, used = time.monotonic() - began, _cpu(triggerer) - cpu
            after = stub.counts()
            ends = stub.end(stub.started(), _SPREAD)
            _wait(airflow, lambda: _count(airflow, name, run, "success") >= _ENOUGH)
            time.sleep(INTERVAL)  # the last events
            delays = _delays(home, ends)
        return {
            "n": tasks,
            **figures(tasks, INTERVAL + _LATENCY, took, used, difference(before, after)),
            "delay_s_median": share(delays, 0.5),
            "delay_s_p99": share(delays, 0.99),
            "airflow_requests_per_execution": _requests(requests),
        }
    finally:
        stub.stop()


def _wait(airflow: RealAirflow, condition: Callable[[], bool], seconds: float = 500) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        airflow.check_alive()
        if time.monotonic() > deadline:
            raise TimeoutError(f"the tasks did not come so far within {seconds:g} s")
        time.sleep(3)  # each look costs the API server more than one task


def _count(airflow: RealAirflow, dag_id: str, run: str, state: str) -> int:
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run}/taskInstances?limit=1&state={state}"
    return int(airflow.request("GET", path)["total_entries"])


def _cpu(supervisor: psutil.Process) -> float:
    """Return the CPU of a triggerer, in seconds: of its supervisor and of the runner that this has started."""
    times = [process.cpu_times() for process in (supervisor, *supervisor.children(recursive=True))]
    return float(sum(each.user + each.system for each in times))


def _delays(home: Path, ends: dict[str, float]) -> list[float]:
    """Return how long after the end of each run its trigger sent the event, as the tasks' logs say."""
    delays = []
    for log in home.glob("logs/dag_id=*/**/*.log.trigger.*.log"):
        for line in log.read_text().splitlines():
            if "Trigger fired event" in line and (found := _RUN.search(line)):
                at = datetime.fromisoformat(json.loads(line)["timestamp"].replace("Z", "+00:00"))
                delays.append(at.timestamp() - ends[found[1]])
    return delays


def _requests(folder: Path) -> float | None:
    """Return how many requests the processes of a task have sent to Airflow: until it was deferred, and after that."""
    sent = [file.read_text().split() for file in folder.iterdir()]
    parts = [[len(each) for each in sent if last in each] for last in ("DeferTask", "SucceedTask")]
    return sum(statistics.mean(part) for part in parts) if all(parts) else None


def command(name: str) -> list[str]:
    """Return the command line of a measurement, without the Python."""
    return ["-m", "dev.bench.triggerer", name]


if __name__ == "__main__":
    contestant = sys.argv[1]
    folder = Path(os.environ["AIRFLOW_HOME"]) / f"triggerer-{contestant}"
    folder.mkdir()
    row = measure(contestant, folder)
    print(json.dumps({"contestant": contestant, "where": "triggerer", **row}))
