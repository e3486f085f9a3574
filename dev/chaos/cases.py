"""A case: one task of one vendor and mode, what is done to it, and what a person or a killer can do to it."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import psutil

from dev.airflow_api import RefusedError
from dev.chaos.surfaces import Surface, dag_id

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from airflow_workflow_providers.emulator import Emulator
    from dev.real_airflow import RealAirflow

TASK = "run"
#: Between two glances at the emulator, and at Airflow, which takes more for an answer. In seconds.
_GLANCE, _QUESTION = 0.1, 0.7
_OVER = frozenset({"success", "failed", "skipped", "removed", "upstream_failed"})


class StuckError(RuntimeError):
    """What a case waits for does not come about."""


class WrongError(RuntimeError):
    """Something has come about that must not, and that no row shows."""


def connection_to(account: Emulator, vendor: str, **extra: Any) -> dict[str, Any]:
    """Return the fields of a connection to a vendor, for tasks that wait for no answer long."""
    fields = account.connection(vendor)
    return {**fields, "extra": {**fields.get("extra", {}), "read_timeout": 10, "connect_timeout": 5, **extra}}


@dataclass
class Case:
    """
    One injected fault.

    :param emulator: where its runs are started.
    :param elsewhere: another account of every vendor.
    :param number: of the case; its workflow's name is made from it, and belongs to no other.
    :param fault: the name of the fault.
    :param ended: set when the suite ends before its time.
    :param looks: the look at which its runs are over, None for runs that never end.
    """

    airflow: RealAirflow
    emulator: Emulator
    elsewhere: Emulator
    number: int
    fault: str
    surface: Surface
    mode: str
    flavour: str
    looks: int | None
    ended: Event
    connection: str = ""
    run_id: str = ""
    problem: str = ""
    began: float = field(default_factory=time.time)

    @property
    def workflow(self) -> str:
        """The workflow of this case."""
        return self.surface.workflow.format(self.number)

    @property
    def dag_id(self) -> str:
        """The DAG that runs it."""
        return dag_id(self.surface.name, self.mode, self.flavour)

    # -- what it does -----------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Let the vendor have the workflow, in both accounts."""
        for account in (self.emulator, self.elsewhere):
            self.surface.add_workflow(account, self.workflow, self.looks)

    def connect(self, account: Emulator, **extra: Any) -> None:
        """Give the case a connection of its own, or change the one that it has; to this account."""
        fields = connection_to(account, self.surface.vendor, **extra)
        if self.connection:
            body = {"connection_id": self.connection, **fields, "extra": json.dumps(fields["extra"])}
            self.airflow.request("PATCH", f"/api/v2/connections/{self.connection}", body)
        else:
            self.connection = f"{self.surface.vendor}_case_{self.number}"
            self.airflow.add_connection(self.connection, fields)

    def spoil(self, call: str | None, fault: str, **options: Any) -> None:
        """Script a fault for the calls of this case's workflow and runs."""
        if call is None:
            raise ValueError(f"{self.surface.name} has no such call")
        self.emulator.fail(self.surface.vendor, call, fault, workflow_id=self.workflow, **options)

    def begin(self) -> None:
        """Let Airflow run the task."""
        self.began = time.time()
        self.run_id = self.run(self.dag_id, self.workflow)

    def run(self, dag_id: str, workflow: str) -> str:
        """Let Airflow run a DAG for this case, and return the run's id."""
        connection = self.connection or f"{self.surface.vendor}_default"
        conf = {"workflow": workflow, "connection": connection, "fault": self.fault, "case": self.number}
        body = {"logical_date": None, "conf": conf}
        return str(self.airflow.request("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    # -- what can be seen of it -------------------------------------------------------------------------------

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the calls that were made for this case."""
        found = self.emulator.calls(self.surface.vendor, operation)
        return [call for call in found if call["workflow_id"] == self.workflow]

    def runs(self) -> list[dict[str, Any]]:
        """Return the runs that were started for this case, in either account."""
        return [*self.runs_at(self.emulator), *self.runs_at(self.elsewhere)]

    def runs_at(self, account: Emulator) -> list[dict[str, Any]]:
        """Return the runs that were started for this case in an account."""
        return [run for run in account.runs(self.surface.vendor) if run["workflow_id"] == self.workflow]

    def task(self) -> dict[str, Any]:
        """Return Airflow's task instance."""
        return dict(self.airflow.request("GET", self._path()))

    def logs(self) -> list[list[dict[str, Any]]]:
        """Return the logs of the task's tries."""
        logs = []
        for number in range(1, self.task()["try_number"] + 1):
            with suppress(RefusedError):  # a case that came to no end may be between two tries
                logs.append(self.airflow.task_log(self.dag_id, self.run_id, TASK, try_number=number))
        return logs

    def must_name(self, run: dict[str, Any]) -> None:
        """Make sure that the last try's log names a run of an earlier one."""
        if run["execution_id"] not in json.dumps(self.logs()[-1]):
            raise WrongError(f"the last try does not name the old run {run['execution_id']}")

    def must_return(self, run: dict[str, Any]) -> None:
        """Make sure that the task has returned this run."""
        returned = self.airflow.xcom(self.dag_id, self.run_id, TASK, "return_value")
        record = json.loads(returned) if isinstance(returned, str) else returned
        if record["execution_id"] != run["execution_id"]:
            raise WrongError(f"run {record['execution_id']} was returned, not {run['execution_id']}")

    def until(self, what: str, true: Callable[[], Any], seconds: float = 90, pause: float = _GLANCE) -> Any:
        """Wait until something has come about; a bound, not a pause."""
        deadline = time.monotonic() + seconds
        while not (answer := true()):
            if self.ended.wait(pause):
                raise StuckError(f"the suite was ended while waiting for {what}")
            if time.monotonic() > deadline:
                raise StuckError(f"not within {seconds:.0f} s: {what}")
        return answer

    def until_started(self) -> None:
        """Wait until the vendor was asked to start."""
        self.until("the start", lambda: self.calls(self.surface.start))

    def until_answered(self) -> None:
        """Wait until the vendor has answered the start."""
        self.until("the answer", lambda: self.calls(self.surface.start)[0]["status"])

    def until_stopped(self, seconds: float = 90) -> None:
        """Wait until the vendor was asked to stop the run."""
        self.until("the stop", lambda: self.runs()[0]["stops"], seconds)

    def until_met(self, fault: str) -> None:
        """Wait until a look has met this fault."""
        self.until(
            f"a look that meets {fault}",
            lambda: any(call["fault"] == fault for call in self.calls(self.surface.look)),
        )

    def until_looked(self, times: int = 1) -> None:
        """Wait until so many more looks have been made."""
        before = len(self.calls(self.surface.look))
        self.until("looks", lambda: len(self.calls(self.surface.look)) >= before + times)

    def until_deferred(self) -> None:
        """Wait until the task is deferred, and its trigger at work: in its first moments it hears of no kill."""
        self.until("a deferral", lambda: self.task()["state"] == "deferred", pause=_QUESTION)
        self.until_looked(2)

    def until_over(self, seconds: float = 240) -> None:
        """Wait until Airflow says that the task is over."""
        self.until("the end of the task", lambda: self.task()["state"] in _OVER, seconds, _QUESTION)

    def until_dag_run_over(self) -> None:
        """Wait until Airflow says that the DAG run is over."""
        over = ("success", "failed")
        self.until(
            "the DAG run", lambda: self.airflow.run_state(self.dag_id, self.run_id) in over, pause=_QUESTION
        )

    # -- what is done to it -----------------------------------------------------------------------------------

    def process(self) -> psutil.Process:
        """Return the task's process."""
        return psutil.Process(self.until("the task's process", lambda: self.task()["pid"]))

    def kill(self, who: str, process: psutil.Process | None = None) -> None:
        """Kill the task's process, its supervisor, or both, with no chance to say anything."""
        process = process or self.process()
        supervisor = psutil.Process(process.ppid())
        victims = {"task": [process], "supervisor": [supervisor], "both": [supervisor, process]}[who]
        for victim in victims:
            with suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)

    def mark(self, state: str) -> None:
        """Do what a person does with *Mark as ...*."""
        self.airflow.request("PATCH", self._path(), {"new_state": state})

    def clear(self) -> None:
        """Do what a person does with *Clear*."""
        body = {
            "dry_run": False,
            "dag_run_id": self.run_id,
            "task_ids": [TASK],
            "only_failed": False,
            "reset_dag_runs": True,
        }
        self.airflow.request("POST", f"/api/v2/dags/{self.dag_id}/clearTaskInstances", body)

    def answer(self) -> None:
        """Do what a person does under *Required Actions*."""
        body = {"chosen_options": ["Yes"], "params_input": {}}
        self.airflow.request("PATCH", f"{self._path()}/-1/hitlDetails", body)

    def _path(self) -> str:
        return f"/api/v2/dags/{self.dag_id}/dagRuns/{self.run_id}/taskInstances/{TASK}"
