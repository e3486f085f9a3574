"""A crowd: more mapped tasks than an event loop opens connections to a vendor, which all wait with one connection."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.core.http import LANES
from dev.chaos.cases import (
    AT_PACE,
    FINAL_STATES,
    ExpectationFailed,
    add_workflow,
    fail_no_more,
    record_of,
)
from dev.chaos.tasks import CROWD, crowd_text, dag_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_workflow_providers.emulator import Emulator
    from dev.chaos.cases import Case

#: A crowd's workflow has the number of its case and this. Datalab's ids are numbers.
_NUMBERS = 50_000

#: Seconds that an execution of a crowd takes until :meth:`Crowd.end_executions`.
_LONG = 36_000.0

#: Seconds in which a crowd must do its next step: each task takes about half a second of a processor, for a deferral and again
#: for the end of its wait.
_PATIENCE = 600
_INTERVAL = 1.0


@dataclass
class Crowd:
    """
    The tasks of a crowd.

    :param case: they wait with its connection, or with the default one.
    :param account: the account that this connection leads to.
    :param run_id: its DAG run.
    :param began: when it was started, in seconds since the epoch.
    """

    case: Case
    account: Emulator
    run_id: str = field(default="", init=False)
    began: float = field(default=0.0, init=False)

    @property
    def workflow(self) -> str:
        """The workflow of all its tasks."""
        return self.case.vendor.new_workflow.format(_NUMBERS + self.case.number)

    @property
    def dag_id(self) -> str:
        """The DAG of its tasks."""
        return dag_id(self.case.vendor.name, self.case.mode, "crowd")

    # -- what the vendor and Airflow know of it ---------------------------------------------------------------

    def requests(self) -> list[dict[str, Any]]:
        """
        Return the requests about the crowd and about the task of its case, oldest first.

        A request that reads a list of executions is about all of them, so it may name no workflow.
        """
        mine = (None, self.workflow, self.case.workflow)
        requests = self.account.requests(self.case.vendor.conn_type)
        return [each for each in requests if each["workflow_id"] in mine and each["at"] > self.began]

    def states(self) -> list[str | None]:
        """Return Airflow's state of each task."""
        return [task["state"] for task in self.case.airflow.task_instances(self.dag_id, self.run_id)]

    # -- what is done to it -----------------------------------------------------------------------------------

    def run(self) -> None:
        """Start the DAG run."""
        self.began = time.time()
        for account in (self.case.emulator, self.case.elsewhere):
            account.set_pace(seconds=_LONG)
        add_workflow(self.account, self.case.vendor, self.workflow, AT_PACE)
        self.run_id = self.case.run_dag(self.dag_id, self.workflow)

    def wait_for_deferral(self) -> None:
        """Wait until all tasks are deferred."""
        self.case.wait_for(
            "a crowd that is deferred",
            lambda: self.states().count("deferred") == CROWD,
            _PATIENCE,
            _INTERVAL,
        )

    def fail_reads(self, fault: str, **options: Any) -> None:
        """Let all requests that read meet a fault: a status may be read alone, or in a list of executions."""
        vendor = self.case.vendor.conn_type
        for route in self.account.by_name[vendor].routes:
            if route.method == "GET":
                self.account.fail(vendor, route.operation, fault, None, **options)

    def hang(self) -> None:
        """Let status checks hang, and wait until they hold all connections."""
        self.fail_reads("hang")
        self.case.wait_for("status checks that hang", self._is_stuck)

    def _is_stuck(self) -> bool:
        hanging = [request["operation"] for request in self.requests() if request["fault"] == "hang"]
        # A list that hangs holds up all tasks that are in it.
        return len(hanging) >= LANES or any(name != self.case.vendor.get_status for name in hanging)

    def end_executions(self) -> None:
        """End all executions of the account that are paced by it."""
        self.account.set_pace(seconds=0)

    def wait_for_success(self) -> None:
        """Wait until all tasks have ended, and check that each has succeeded with the one execution that it has started."""
        self.case.wait_for(
            "the end of the crowd", lambda: FINAL_STATES.issuperset(self.states()), _PATIENCE, _INTERVAL
        )
        if failed := [state for state in self.states() if state != "success"]:
            raise ExpectationFailed(f"{len(failed)} tasks of the crowd are {sorted(map(str, set(failed)))}")
        runs = self.account.runs(self.case.vendor.conn_type)
        mine = [run for run in runs if run["workflow_id"] == self.workflow]
        stopped = sum(run["stops"] for run in mine)
        if (len(mine), stopped) != (CROWD, 0):
            raise ExpectationFailed(f"{len(mine)} executions of the crowd were started, {stopped} stopped")
        started = {self._index(run): run["execution_id"] for run in mine}
        returned = {
            index: record_of(self.case.airflow, self.dag_id, self.run_id, index)["execution_id"]
            for index in range(CROWD)
        }
        if started != returned:
            wrong = sorted(index for index in returned if returned[index] != started.get(index))
            raise ExpectationFailed(f"tasks {wrong} of the crowd do not return their own execution")

    def _index(self, run: dict[str, Any]) -> int:
        """Return the number of the task that has started an execution: its input has it."""
        found = re.search(crowd_text(self.case.number, r"(\d+)"), json.dumps(run["input"]))
        if found is None:
            raise ExpectationFailed(f"execution {run['execution_id']} has no input of the crowd")
        return int(found[1])

    def leave(self) -> None:
        """End the crowd, wherever it is."""
        fail_no_more(self.account)
        path = f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}"
        if not FINAL_STATES.issuperset(self.states()):
            self.case.airflow.request("PATCH", path, {"state": "failed"})


@contextmanager
def waiting_crowd(case: Case, account: Emulator) -> Iterator[Crowd]:
    """Let a crowd wait with the connection of a case, which leads to this account."""
    crowd = Crowd(case, account)
    crowd.run()
    try:
        yield crowd
    finally:
        crowd.leave()
