"""
Run mapped tasks whose trigger sends its event at once, on a real Airflow, and count the tasks that Airflow fails.

    python -m dev.quick_triggers            twice, 200 tasks each time

Another Airflow needs an environment with it:

    python -m dev.environment .matrix/3.4-dev --airflow 3.4
    .matrix/3.4-dev/bin/python -m dev.quick_triggers

A scheduler can read the deferral of a task after its trigger has already sent the event. Airflow 3.3 then fails the task, which is
why the triggers of the package send no event at first there (`MIN_EVENT_DELAY` in `triggers/base.py`). Airflow 3.4 does not.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from dev.postgres import Postgres
from dev.postgres import installed as has_postgres
from dev.real_airflow import RealAirflow

_DAG_ID = "quick_triggers"
# `SuccessTrigger` belongs to Airflow, so nothing of this package is in the way.
_DAG = """
from airflow.sdk import BaseOperator, dag
from airflow.triggers.testing import SuccessTrigger


class Defer(BaseOperator):
    def __init__(self, *, number, **kwargs):
        super().__init__(**kwargs)
        self.number = number

    def execute(self, context):
        self.defer(trigger=SuccessTrigger(), method_name="resume")

    def resume(self, context, event):
        return self.number


@dag(schedule=None)
def quick_triggers():
    Defer.partial(task_id="defer").expand(number=list(range({tasks})))


quick_triggers()
"""
_SETTINGS = {
    "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "1000",
    "AIRFLOW__CORE__PARALLELISM": "8",
    # A worker of a busy machine may wait long for the API server, which would be another reason to fail.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
}


def main() -> int:
    """Run the tasks; the exit code is 0 only if all of them succeed each time."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=200)
    parser.add_argument("--times", type=int, default=2)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL, if that is installed")
    given = parser.parse_args()
    failed = 0
    for number in range(1, given.times + 1):
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="quick-triggers-") as home:
            version, states = _run(Path(home), given.tasks, sqlite=given.sqlite or not has_postgres())
        failed += given.tasks - states["success"]
        print(
            f"Airflow {version}, run {number}: {dict(states)}, {time.monotonic() - began:.0f} s", flush=True
        )
    print(f"{failed} of {given.tasks * given.times} tasks did not succeed")
    return 1 if failed else 0


def _run(home: Path, tasks: int, *, sqlite: bool) -> tuple[str, Counter[str]]:
    """Return the version of Airflow, and how many tasks ended in each state."""
    dags = home / "dags"
    dags.mkdir()
    (dags / f"{_DAG_ID}.py").write_text(_DAG.replace("{tasks}", str(tasks)))
    if sqlite:
        return _run_with(home, dags, {})
    with Postgres(home) as postgres:
        return _run_with(home, dags, {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": postgres.url})


def _run_with(home: Path, dags: Path, settings: dict[str, str]) -> tuple[str, Counter[str]]:
    with RealAirflow(home / "airflow", dags, {}, {**_SETTINGS, **settings}) as airflow:
        airflow.wait_for_dags([_DAG_ID])
        run_id = airflow.trigger(_DAG_ID)
        state = ""
        while state not in {"success", "failed"}:
            airflow.check_alive()
            time.sleep(5)
            with suppress(OSError):  # on a busy machine it can take long
                state = airflow.run_state(_DAG_ID, run_id)
        states = Counter(str(each["state"]) for each in airflow.task_instances(_DAG_ID, run_id))
        # The scheduler writes why it fails a task that has deferred: "finished with state success, but ...".
        states["too quick"] = sum(
            "state success" in str(each["extra"]) for each in airflow.events("state mismatch")
        )
        return airflow.version(), states


if __name__ == "__main__":
    sys.exit(main())
