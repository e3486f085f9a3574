"""A case: one task of one vendor and mode, with a fault; and what a test, a person or a killer can do with it."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from airflow.api_fastapi.core_api.datamodels.task_instances import ClearTaskInstancesBody

from dev.airflow_api import RequestFailed
from dev.chaos.tasks import INPUTS, dag_id, results_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from airflow_workflow_providers.emulator import Emulator
    from dev.real_airflow import RealAirflow
    from dev.vendors import VendorCase

TASK = "run"

#: Seconds between two reads of the emulator's ledger, and between two requests to Airflow, which cost more.
_LEDGER_INTERVAL, _AIRFLOW_INTERVAL = 0.1, 0.7
#: Seconds in which a case must get to the point where its fault is injected. A machine that is shared may be slow for a while.
_PATIENCE = 240

#: What the triggerer logs when it calls ``on_kill`` of a trigger.
_TRIGGER_CANCELLED = "Trigger cancelled by user action"

FINAL_STATES = frozenset({"success", "failed", "skipped", "removed", "upstream_failed"})

#: Instead of the number of a status check: executions end when :meth:`Emulator.set_pace` says so.
AT_PACE = 0


class WaitTimedOut(RuntimeError):
    """A case waited for something that did not happen in time."""


class ExpectationFailed(RuntimeError):
    """Something is wrong that no column of the table shows."""


def connection_to(account: Emulator, conn_type: str, **extra: Any) -> dict[str, Any]:
    """Return the fields of a connection to a vendor, with short timeouts."""
    fields = account.connection(conn_type)
    return {**fields, "extra": {**fields.get("extra", {}), "read_timeout": 10, "connect_timeout": 5, **extra}}


def add_workflow(
    account: Emulator, vendor: VendorCase, workflow_id: str, checks: int | None, **more: Any
) -> None:
    """
    Add a workflow to an account, or change it: executions follow it as it was at their start.

    :param checks: its executions have ended at this status check; ``None`` for executions that never end, ``AT_PACE`` for
        executions that end with the pace of the account.
    :param more: more of the emulator's options.
    """
    options: dict[str, Any] = {"status_checks": checks} if checks else {}
    if checks is None:
        options = dict(vendor.never_ends)
    if vendor.get_status is None and checks:
        # No client can poll such an execution: it takes as many seconds instead.
        options = {"seconds": float(checks)}
    account.add_workflow(vendor.conn_type, workflow_id, **{**vendor.added, **options, **more})


def forgets_on_clear() -> bool:
    """Return whether a clear deletes what the task has stored, unless it says otherwise."""
    return "keep_task_state" in ClearTaskInstancesBody.model_fields


def fail_no_more(account: Emulator) -> None:
    """Let all vendors of an account respond to new requests again."""
    with account.lock:
        account.faults.reset()


def record_of(airflow: RealAirflow, dag_id: str, run_id: str, map_index: int = -1) -> dict[str, Any]:
    """Return the record that a task has returned."""
    returned = airflow.xcom(dag_id, run_id, TASK, "return_value", map_index)
    return dict(json.loads(returned) if isinstance(returned, str) else returned)


@dataclass
class Case:
    """
    One injected fault.

    :param emulator: the account in which its executions are started.
    :param elsewhere: another account of every vendor.
    :param number: of the case; the id of its workflow contains it, and no other case uses that workflow.
    :param fault: the name of the fault.
    :param task: the name of the parameters of the task.
    :param checks: when its executions have ended, as for :func:`add_workflow`.
    :param ended: is set when the suite ends early.
    :param connection: the id of the case's own connection; empty if it uses the default one.
    :param problem: why the case could not be carried out; empty if it could.
    :param scripted: the operation and the name of each fault of the emulator that the case must meet.
    """

    airflow: RealAirflow
    emulator: Emulator
    elsewhere: Emulator
    number: int
    fault: str
    vendor: VendorCase
    mode: str
    task: str
    checks: int | None
    ended: Event
    connection: str = ""
    run_id: str = ""
    problem: str = ""
    scripted: set[tuple[str, str]] = field(default_factory=set)

    @property
    def workflow(self) -> str:
        """The workflow of this case."""
        return self.vendor.new_workflow.format(self.number)

    @property
    def dag_id(self) -> str:
        """The DAG that runs its task."""
        return dag_id(self.vendor.name, self.mode, self.task)

    # -- before and at the start ------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Add the workflow to both accounts."""
        for account in (self.emulator, self.elsewhere):
            add_workflow(account, self.vendor, self.workflow, self.checks)

    def change_workflow(self, **options: Any) -> None:
        """Change the workflow, for the executions that are started from now on."""
        add_workflow(self.emulator, self.vendor, self.workflow, self.checks, **options)

    def connect(self, account: Emulator, **extra: Any) -> None:
        """Give the case a connection of its own to an account, or change the one that it has."""
        fields = connection_to(account, self.vendor.conn_type, **extra)
        if self.connection:
            body = {"connection_id": self.connection, **fields, "extra": json.dumps(fields["extra"])}
            self.airflow.request("PATCH", f"/api/v2/connections/{self.connection}", body)
        else:
            self.connection = f"{self.vendor.conn_type}_case_{self.number}"
            self.airflow.add_connection(self.connection, fields)

    def fail(self, operation: str | None, fault: str, **options: Any) -> None:
        """Script a fault of the emulator for the requests about this case's workflow and executions."""
        if operation is None:
            raise ValueError(f"{self.vendor.name} has no such operation")
        self.scripted.add((operation, fault))
        self.emulator.fail(self.vendor.conn_type, operation, fault, workflow_id=self.workflow, **options)

    def run(self) -> None:
        """Start the DAG run of the case."""
        self.run_id = self.run_dag(self.dag_id, self.workflow)

    def run_dag(self, dag_id: str, workflow: str) -> str:
        """Start a DAG run for this case, and return its id."""
        connection = self.connection or f"{self.vendor.conn_type}_default"
        conf = {"workflow": workflow, "connection": connection, "fault": self.fault, "case": self.number}
        body = {"logical_date": None, "conf": conf}
        return str(self.airflow.request("POST", f"/api/v2/dags/{dag_id}/dagRuns", body)["dag_run_id"])

    # -- what the vendor and Airflow know of it ---------------------------------------------------------------

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """Return the requests about this case."""
        found = self.emulator.requests(self.vendor.conn_type, operation)
        return [request for request in found if request["workflow_id"] == self.workflow]

    def executions(self) -> list[dict[str, Any]]:
        """Return the executions that were started for this case in either account."""
        return [*self.executions_in(self.emulator), *self.executions_in(self.elsewhere)]

    def executions_in(self, account: Emulator) -> list[dict[str, Any]]:
        """Return the executions that were started for this case in an account."""
        return [run for run in account.runs(self.vendor.conn_type) if run["workflow_id"] == self.workflow]

    def task_instance(self) -> dict[str, Any]:
        """Return Airflow's task instance."""
        return dict(self.airflow.request("GET", self._path()))

    def logs(self) -> list[list[dict[str, Any]]]:
        """Return the log of each try."""
        logs = []
        for number in range(1, self.task_instance()["try_number"] + 1):
            with suppress(RequestFailed):  # a case that did not come to its end may be between two tries
                logs.append(self.airflow.task_log(self.dag_id, self.run_id, TASK, try_number=number))
        return logs

    def check_faults_were_met(self) -> None:
        """Check that each fault that was scripted was met: a case that misses its fault shows nothing."""
        met = {(request["operation"], request["fault"]) for request in self.requests()}
        if missed := self.scripted - met:
            raise ExpectationFailed(f"the task did not meet {sorted(missed)}")

    def check_log_names(self, execution: dict[str, Any]) -> None:
        """Check that the log of the last try names an execution of an earlier one."""
        if execution["execution_id"] not in json.dumps(self.logs()[-1]):
            raise ExpectationFailed(
                f"the last try does not name the old execution {execution['execution_id']}"
            )

    def record(self) -> dict[str, Any]:
        """Return the record that the task has returned."""
        return record_of(self.airflow, self.dag_id, self.run_id)

    def check_returns(self, execution: dict[str, Any]) -> None:
        """Check that the task has returned the record of an execution."""
        record = self.record()
        if record["execution_id"] != execution["execution_id"]:
            raise ExpectationFailed(
                f"the task returned execution {record['execution_id']}, not {execution['execution_id']}"
            )

    def check_files(self) -> None:
        """Check that the folder has the files that the record names, whole, and no half file under its name."""
        record = self.record()
        named = {entry["uri"].removeprefix("file://"): entry["sha256"] for entry in record["output"]}
        found = {
            str(path): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in Path(results_of(self.number)).rglob("[!.]*")
            if path.is_file()
        }
        if not found or found != named:
            raise ExpectationFailed(f"the record names {named}, and the folder has {found}")

    def has_part_of_manifest(self) -> bool:
        """Whether a part of the manifest is written, and not the whole."""
        folder = Path(results_of(self.number))
        return any(folder.glob("*.parts/*.jsonl")) and not any(folder.glob("*.manifest.jsonl"))

    def check_manifest(self) -> None:
        """Check that the manifest has one line for each input, in their order, and each its own output, whole."""
        returned = str(self.record()["manifest"])
        lines = [json.loads(line) for line in Path(returned.removeprefix("file://")).read_text().splitlines()]
        if [line["index"] for line in lines] != list(range(INPUTS)):
            raise ExpectationFailed(f"the manifest has the lines {[line['index'] for line in lines]}")
        if {line["state"] for line in lines} != {"succeeded"} or len(
            {line["execution_id"] for line in lines}
        ) < INPUTS:
            raise ExpectationFailed(f"the manifest has {lines}")
        for file in [file for line in lines for file in line.get("files", [line])]:
            content = Path(file["uri"].removeprefix("file://")).read_bytes()
            if hashlib.sha256(content).hexdigest() != file["sha256"]:
                raise ExpectationFailed(f"{file['uri']} is not what the manifest says")

    # -- waiting ----------------------------------------------------------------------------------------------

    def wait_for(
        self,
        what: str,
        condition: Callable[[], Any],
        seconds: float = _PATIENCE,
        interval: float = _LEDGER_INTERVAL,
    ) -> Any:
        """
        Wait until a condition is true, and return its value.

        :param what: what the condition stands for, for the error.
        :raises WaitTimedOut: if it is not true in time, or the suite ends early.
        """
        deadline = time.monotonic() + seconds
        while not (value := condition()):
            if self.ended.wait(interval):
                raise WaitTimedOut(f"the suite ended while the case waited for {what}")
            if time.monotonic() > deadline:
                state = self.task_instance()["state"] if self.run_id else "not started"
                raise WaitTimedOut(
                    f"not within {seconds:.0f} s: {what}; the task is {state}, and the vendor "
                    f"received {[request['operation'] for request in self.requests()]}"
                )
        return value

    def wait_for_start(self) -> None:
        """Wait until the vendor has received the request that starts an execution."""
        self.wait_for("the start", lambda: self.requests(self.vendor.start))

    def wait_for_execution(self) -> None:
        """Wait until the vendor has started an execution."""
        self.wait_for("an execution", self.executions)

    def wait_for_start_response(self) -> None:
        """Wait until the vendor has responded to the start."""
        self.wait_for("the response to the start", lambda: self.requests(self.vendor.start)[0]["status"])

    def wait_for_second_start(self) -> None:
        """Wait until the vendor has received a second start."""
        self.wait_for("a second start", lambda: len(self.requests(self.vendor.start)) == 2)

    def wait_for_stop(self, seconds: float = 90) -> None:
        """Wait until the vendor has stopped the execution."""
        self.wait_for("the stop", lambda: self.executions()[0]["stops"], seconds)

    def wait_for_failed_check(self, fault: str, operation: str | None = None) -> None:
        """Wait until a status check, or a request of another operation, has met this fault of the emulator."""
        self.wait_for(
            f"a status check that meets {fault}",
            lambda: any(
                request["fault"] == fault for request in self.requests(operation or self.vendor.get_status)
            ),
        )

    def wait_for_checks(self, count: int = 1) -> None:
        """Wait for so many more status checks."""
        before = len(self.requests(self.vendor.get_status))
        self.wait_for("status checks", lambda: len(self.requests(self.vendor.get_status)) >= before + count)

    def wait_until_deferred(self) -> None:
        """Wait until the task is deferred."""
        self.wait_for(
            "a deferral", lambda: self.task_instance()["state"] == "deferred", interval=_AIRFLOW_INTERVAL
        )

    def wait_for_deferral(self) -> None:
        """Wait until the task is deferred and its trigger polls: in its first moments Airflow cannot call its ``on_kill``."""
        self.wait_until_deferred()
        self.wait_for_checks(2)

    def wait_until_it_waits(self) -> None:
        """Wait until the task waits for its execution, in the way of its mode."""
        if self.vendor.get_status is None:
            self.wait_for_start()
        elif self.mode == "deferred":
            self.wait_for_deferral()
        else:
            self.wait_for_checks(2)

    def wait_for_end(self, seconds: float = _PATIENCE) -> None:
        """Wait until the task is in a final state."""
        self.wait_for(
            "the end of the task",
            lambda: self.task_instance()["state"] in FINAL_STATES,
            seconds,
            _AIRFLOW_INTERVAL,
        )

    def wait_for_trigger_cancel(self) -> float:
        """Wait until Airflow has cancelled the trigger because its task has ended; return when that was."""
        line: dict[str, Any] = self.wait_for(
            "the end of the trigger",
            lambda: next(
                (
                    line
                    for line in self.logs()[-1]
                    if str(line.get("event", "")).startswith(_TRIGGER_CANCELLED)
                ),
                None,
            ),
            interval=_AIRFLOW_INTERVAL,
        )
        return datetime.fromisoformat(str(line["timestamp"]).replace("Z", "+00:00")).timestamp()

    def wait_for_dag_run_end(self) -> None:
        """Wait until the DAG run is in a final state."""
        self.wait_for(
            "the end of the DAG run",
            lambda: self.airflow.run_state(self.dag_id, self.run_id) in ("success", "failed"),
            interval=_AIRFLOW_INTERVAL,
        )

    # -- what is done to it -----------------------------------------------------------------------------------

    def process(self) -> psutil.Process:
        """Return the process of the task."""
        return psutil.Process(self.wait_for("the process of the task", lambda: self.task_instance()["pid"]))

    def kill(self, victims: str, process: psutil.Process | None = None) -> None:
        """
        Kill processes with SIGKILL.

        :param victims: ``task``: the process of the task; ``supervisor``: its supervisor; ``both``.
        :param process: the process of the task, if it is known.
        """
        process = process or self.process()
        supervisor = psutil.Process(process.ppid())
        for victim in {"task": [process], "supervisor": [supervisor], "both": [supervisor, process]}[victims]:
            with suppress(ProcessLookupError):
                os.kill(victim.pid, signal.SIGKILL)

    def mark(self, state: str) -> None:
        """Do what a person does with *Mark as ...*."""
        self.airflow.request("PATCH", self._path(), {"new_state": state})

    def clear(self, *, keep: bool = False) -> None:
        """
        Do what a person does with *Clear*.

        :param keep: whether Airflow keeps what the task has stored; before 3.4 it always does.
        """
        body = {
            **({"keep_task_state": True} if keep and forgets_on_clear() else {}),
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
