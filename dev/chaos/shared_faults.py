"""Faults that hit all tasks at the same time: the API server is frozen, or the triggerer is killed."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_workflow_providers.core.http import LANES
from dev.chaos.cases import ExpectationFailed, add_workflow
from dev.chaos.faults import (
    LOST,
    TIMED_OUT,
    VICTIMS,
    Expected,
    always,
    can_show_nonce,
    can_stop_deferred,
    every_case,
    has_id,
    in_triggerer,
    replaced_or_reattached,
    takes_uploads,
)
from dev.chaos.injections import LATER, SOON, STOP_WITHIN
from dev.chaos.tasks import CROWD, dag_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dev.chaos.cases import Case
    from dev.real_airflow import RealAirflow
    from dev.vendors import VendorCase

#: Seconds for the next step of a process, where nothing shows that it has made it.
_MOMENT = 1.0


@dataclass(frozen=True)
class SharedFault:
    """
    One kind of fault that hits all cases of a batch at the same time; each case is a row.

    :param inject: runs the cases and injects the fault.

    The rest is as in :class:`~dev.chaos.faults.Fault`.
    """

    name: str
    inject: Callable[[RealAirflow, list[Case]], None]
    expects: Callable[[VendorCase, str], Expected]
    fits: Callable[[VendorCase, str], bool] = every_case
    task: str = "plain"
    checks: int | None = LATER
    nonce_shown: bool = False


def killed_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """
    Kill after the vendor has responded, before Airflow has stored the id.

    The API server goes on after that, so a supervisor that is still alive stores the id.
    """
    _kill_before_store(airflow, cases)
    airflow.thaw("api-server")


def killed_before_store_for_good(airflow: RealAirflow, cases: list[Case]) -> None:
    """
    Kill at the same point, and kill the API server too, so that the id is never stored.

    If it went on, it might or might not carry out what a dead supervisor has sent.
    """
    _kill_before_store(airflow, cases)
    airflow.kill("api-server")
    airflow.launch("api-server")


def _kill_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """Hold all responses, freeze the API server, release the responses, kill; the API server stays frozen."""
    for case in cases:
        case.fail(case.vendor.start, "hold")
        case.run()
    for case in cases:
        case.wait_for_execution()
    victims = [(case, case.process()) for case in cases]
    airflow.freeze("api-server")
    try:
        cases[0].emulator.release()
        for case in cases:
            case.wait_for_start_response()
        time.sleep(_MOMENT)
        for case, process in victims:
            case.kill(_victims(case.fault), process)
        # A task process without its supervisor cannot store the id, so it stops the execution if the vendor can.
        for case in cases:
            if case.vendor.stop and _victims(case.fault) == "supervisor":
                case.wait_for_stop()
    except BaseException:
        airflow.thaw("api-server")
        raise


def _victims(fault: str) -> str:
    return next(victims for victims, name in VICTIMS.items() if fault.startswith(f"{name} killed"))


def killed_uploading(operation: str, *, carry_out: bool = False) -> Callable[[RealAirflow, list[Case]], None]:
    """Kill the task while a file of its input is uploaded. The requests for it name no workflow, so each case is alone."""

    def inject_one(case: Case) -> None:
        def met() -> bool:
            return len(case.emulator.requests(vendor, operation)) > before

        vendor = case.vendor.conn_type
        before = len(case.emulator.requests(vendor, operation))
        case.emulator.fail(vendor, operation, "hang", carry_out=carry_out)
        case.run()
        case.wait_for(f"{operation}, which hangs", met)
        case.kill("task")
        case.wait_for_end()

    def inject(airflow: RealAirflow, cases: list[Case]) -> None:
        for case in cases:
            inject_one(case)

    return inject


def triggerer_restarted(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer while tasks are deferred, and start it again."""
    _defer(cases)
    airflow.kill("triggerer")
    airflow.launch("triggerer")


def triggerer_replaced(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer that has the triggers while a second one runs; then start the first one again."""
    _defer(cases)
    airflow.launch("triggerer-2")
    airflow.kill("triggerer")
    for case in cases:
        case.wait_for_end()
    airflow.launch("triggerer")
    airflow.kill("triggerer-2")


def no_triggerer(airflow: RealAirflow, cases: list[Case]) -> None:
    """Run tasks without a triggerer until Airflow's own timeout of the deferral comes."""
    airflow.kill("triggerer")
    try:
        for case in cases:
            case.run()
        for case in cases:
            case.wait_for_end(300)
    finally:
        airflow.launch("triggerer")


def marked_failed_while_checks_hang(airflow: RealAirflow, cases: list[Case]) -> None:
    """Mark a deferred task failed while the status check of another task holds each connection to the vendor."""
    for case in cases:
        # A status check that hangs holds its connection until this timeout.
        case.connect(case.emulator, read_timeout=120)
        case.run()
        case.wait_for_deferral()
        with _crowd(airflow, case):
            case.mark("failed")
            case.wait_for_stop(30)
        [stop] = case.requests(case.vendor.stop)
        took = stop["at"] - case.wait_for_trigger_cancel()
        if took > STOP_WITHIN:
            raise ExpectationFailed(f"the stop came {took:.1f} s after Airflow had cancelled the trigger")


@contextmanager
def _crowd(airflow: RealAirflow, case: Case) -> Iterator[None]:
    """Let more tasks than there are connections wait with the connection of a case, while their status checks hang."""
    vendor, emulator = case.vendor, case.emulator
    dag, workflow = (
        dag_id(vendor.name, case.mode, "crowd"),
        vendor.new_workflow.format(f"{case.number}-crowd"),
    )
    add_workflow(emulator, vendor, workflow, None)
    run_id = case.run_dag(dag, workflow)

    def all_deferred() -> bool:
        states = [task["state"] for task in airflow.task_instances(dag, run_id)]
        return states.count("deferred") == CROWD

    def all_connections_busy() -> bool:
        requests = emulator.requests(vendor.conn_type, vendor.get_status)
        hanging = [each for each in requests if (each["workflow_id"], each["fault"]) == (workflow, "hang")]
        return len(hanging) >= LANES

    try:
        case.wait_for("a crowd that is deferred", all_deferred, 300, _MOMENT)
        emulator.fail(vendor.conn_type, str(vendor.get_status), "hang", CROWD, workflow_id=workflow)
        case.wait_for("status checks that hang", all_connections_busy)
        yield
    finally:
        airflow.request("PATCH", f"/api/v2/dags/{dag}/dagRuns/{run_id}", {"state": "failed"})


def _defer(cases: list[Case]) -> None:
    for case in cases:
        case.run()
    for case in cases:
        case.wait_for_deferral()


_BEFORE_STORE = "killed between response and store"

SHARED_FAULTS = [
    SharedFault(
        "task process killed in the middle of an upload",
        killed_uploading("put_file"),
        always(1, 0, "success"),
        takes_uploads,
        checks=SOON,
    ),
    SharedFault(
        "task process killed between upload and start",
        killed_uploading("confirm_file", carry_out=True),
        always(1, 0, "success"),
        takes_uploads,
        checks=SOON,
    ),
    SharedFault(f"task process {_BEFORE_STORE}", killed_before_store, always(1, 0, "success"), has_id),
    SharedFault(f"supervisor {_BEFORE_STORE}", killed_before_store_for_good, always(1, 1, LOST), has_id),
    SharedFault(
        f"supervisor and task process {_BEFORE_STORE}",
        killed_before_store_for_good,
        always(1, 0, LOST),
        has_id,
    ),
    SharedFault(
        f"supervisor {_BEFORE_STORE}, the vendor shows the nonce",
        killed_before_store_for_good,
        replaced_or_reattached,
        can_show_nonce,
        nonce_shown=True,
    ),
    SharedFault(
        f"supervisor and task process {_BEFORE_STORE}, the vendor shows the nonce",
        killed_before_store_for_good,
        always(1, 0, "success"),
        can_show_nonce,
        nonce_shown=True,
    ),
    SharedFault(
        "triggerer killed and restarted",
        triggerer_restarted,
        always(1, 0, "success"),
        in_triggerer,
        checks=2 * LATER,
    ),
    SharedFault(
        "second triggerer takes over",
        triggerer_replaced,
        always(1, 0, "success"),
        in_triggerer,
        checks=2 * LATER,
    ),
    SharedFault(
        "marked failed while all status checks hang",
        marked_failed_while_checks_hang,
        always(1, 1, "failed"),
        can_stop_deferred,
        checks=None,
    ),
    SharedFault(
        "no triggerer until the deadline",
        no_triggerer,
        always(1, 1, TIMED_OUT),
        in_triggerer,
        "no_triggerer",
        None,
    ),
]
