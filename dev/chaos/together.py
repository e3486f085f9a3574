"""Faults that hit every task at once: the API server stands still, or the triggerer dies."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airflow_workflow_providers.core.http import LANES
from dev.chaos.cases import WrongError
from dev.chaos.faults import (
    LOST,
    TIMED_OUT,
    WHO,
    Expected,
    always,
    anywhere,
    can_prove,
    can_stop_deferred,
    has_id,
    in_triggerer,
)
from dev.chaos.injections import LATER
from dev.chaos.surfaces import CROWD, dag_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dev.chaos.cases import Case
    from dev.chaos.surfaces import Surface
    from dev.real_airflow import RealAirflow

#: How long a process gets to do what it would do next, in seconds, where nothing can be seen of it.
_MOMENT = 1.0

#: How soon a run must be stopped when its trigger was told that the task was ended, in seconds.
_AT_LATEST = 3.0


@dataclass(frozen=True)
class Together:
    """
    One kind of fault that is injected into all cases of a batch at once; each case is a row.

    :param inject: does it to cases that have not begun.

    The rest is as in :class:`~dev.chaos.faults.Fault`.
    """

    name: str
    inject: Callable[[RealAirflow, list[Case]], None]
    expects: Callable[[Surface, str], Expected]
    fits: Callable[[Surface, str], bool] = anywhere
    flavour: str = "plain"
    looks: int | None = LATER
    shown: bool = False


def killed_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """
    Kill tasks' processes when the vendor has answered and Airflow has not stored the id: a supervisor that lives does it.

    All answers are held; the API server is stopped; the answers are let go; then it is killed.
    """
    _kill_before_store(airflow, cases)
    airflow.thaw("api-server")


def killed_for_good_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """
    Kill supervisors at the same moment, and see to it that Airflow never stores the id.

    An API server that merely goes on may or may not carry out what a dead supervisor had sent to it; this one dies too.
    """
    _kill_before_store(airflow, cases)
    airflow.kill("api-server")
    airflow.launch("api-server")


def _kill_before_store(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill between answer and store; the API server still stands when this returns."""
    for case in cases:
        case.spoil(case.surface.start, "hold")
        case.begin()
    for case in cases:
        case.until("the run", case.runs)
    victims = [(case, case.process()) for case in cases]
    airflow.freeze("api-server")
    try:
        cases[0].emulator.release()
        for case in cases:
            case.until_answered()
        time.sleep(_MOMENT)
        for case, process in victims:
            case.kill(_who(case.fault), process)
        # What is left of a task without its supervisor cannot store the id, and stops the run where that can be done.
        for case in cases:
            if case.surface.stop and _who(case.fault) == "supervisor":
                case.until_stopped()
    except BaseException:
        airflow.thaw("api-server")
        raise


def _who(fault: str) -> str:
    return next(who for who, named in WHO.items() if fault.startswith(f"{named} killed"))


def _stopped_and_found(surface: Surface, mode: str) -> Expected:
    """Expect that a retry finds the run that the dying task has stopped, or takes up the one that it could not stop."""
    return Expected(2, 1, "success") if surface.stop else Expected(1, 0, "success")


def triggerer_restarted(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer while tasks are deferred, and start it again."""
    _defer(cases)
    airflow.kill("triggerer")
    airflow.launch("triggerer")


def triggerer_taken_over(airflow: RealAirflow, cases: list[Case]) -> None:
    """Kill the triggerer that has the triggers while another one runs; then let the first come back."""
    _defer(cases)
    airflow.launch("triggerer-2")
    airflow.kill("triggerer")
    for case in cases:
        case.until_over()
    airflow.launch("triggerer")
    airflow.kill("triggerer-2")


def no_triggerer(airflow: RealAirflow, cases: list[Case]) -> None:
    """Let no triggerer be there, so that Airflow's own timeout of the deferral comes."""
    airflow.kill("triggerer")
    try:
        for case in cases:
            case.begin()
        for case in cases:
            case.until_over(300)
    finally:
        airflow.launch("triggerer")


def ended_while_everything_hangs(airflow: RealAirflow, cases: list[Case]) -> None:
    """Let a person end a deferred task while each connection to its vendor is held by another task's status check."""
    for case in cases:
        # A check that hangs holds its connection until its answer is late.
        case.connect(case.emulator, read_timeout=120)
        case.begin()
        case.until_deferred()
        with _crowd(airflow, case):
            case.mark("failed")
            case.until_stopped(30)
        [stop] = case.calls(case.surface.stop)
        took = stop["at"] - _told_at(case)
        if took > _AT_LATEST:
            raise WrongError(f"the stop came {took:.1f} s after Airflow had told the trigger")


@contextmanager
def _crowd(airflow: RealAirflow, case: Case) -> Iterator[None]:
    """Let more tasks than there are connections wait with the connection of a case, and all their checks hang."""
    surface, emulator = case.surface, case.emulator
    dag, workflow = dag_id(surface.name, case.mode, "crowd"), surface.workflow.format(f"{case.number}-crowd")
    surface.add_workflow(emulator, workflow, None)
    run_id = case.run(dag, workflow)

    def waiting() -> bool:
        states = [task["state"] for task in airflow.task_instances(dag, run_id)]
        return states.count("deferred") == CROWD

    def hanging() -> bool:
        calls = emulator.calls(surface.vendor, surface.look)
        return sum((call["workflow_id"], call["fault"]) == (workflow, "hang") for call in calls) >= LANES

    try:
        case.until("a crowd that waits", waiting, 300, _MOMENT)
        emulator.fail(surface.vendor, str(surface.look), "hang", CROWD, workflow_id=workflow)
        case.until("checks that hang", hanging)
        yield
    finally:
        airflow.request("PATCH", f"/api/v2/dags/{dag}/dagRuns/{run_id}", {"state": "failed"})


def _told_at(case: Case) -> float:
    """Return when Airflow told the trigger that its task was ended, by the task's log."""
    for line in case.logs()[-1]:
        if str(line.get("event", "")).startswith("Trigger cancelled by user action"):
            return datetime.fromisoformat(str(line["timestamp"]).replace("Z", "+00:00")).timestamp()
    raise WrongError("Airflow has not told the trigger that its task was ended")


def _defer(cases: list[Case]) -> None:
    for case in cases:
        case.begin()
    for case in cases:
        case.until_deferred()


_STORE = "killed between answer and store"

TOGETHER = [
    Together(f"task process {_STORE}", killed_before_store, always(1, 0, "success"), has_id),
    Together(f"supervisor {_STORE}", killed_for_good_before_store, always(1, 1, LOST), has_id),
    Together(
        f"supervisor and task process {_STORE}", killed_for_good_before_store, always(1, 0, LOST), has_id
    ),
    Together(
        f"supervisor {_STORE}, run provable",
        killed_for_good_before_store,
        _stopped_and_found,
        can_prove,
        shown=True,
    ),
    Together(
        f"supervisor and task process {_STORE}, run provable",
        killed_for_good_before_store,
        always(1, 0, "success"),
        can_prove,
        shown=True,
    ),
    Together(
        "triggerer killed and restarted",
        triggerer_restarted,
        always(1, 0, "success"),
        in_triggerer,
        looks=2 * LATER,
    ),
    Together(
        "second triggerer takes over",
        triggerer_taken_over,
        always(1, 0, "success"),
        in_triggerer,
        looks=2 * LATER,
    ),
    Together(
        "ended while everything hangs",
        ended_while_everything_hangs,
        always(1, 1, "failed"),
        can_stop_deferred,
        looks=None,
    ),
    Together(
        "no triggerer until the deadline",
        no_triggerer,
        always(1, 1, TIMED_OUT),
        in_triggerer,
        "alone",
        None,
    ),
]
