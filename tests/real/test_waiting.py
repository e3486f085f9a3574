"""Waiting for a run on a real scheduler, triggerer and worker, and what becomes of it when a person steps in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from dev.real_airflow import RealAirflow

pytestmark = pytest.mark.real

DAGS = Path(__file__).parent / "dags"
TASK = "run"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.set_pace(seconds=25)
        yield emulator


@pytest.fixture(scope="module")
def airflow(vendor: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    connections = {"refold_default": vendor.connection("refold")}
    with RealAirflow(home, DAGS, connections) as airflow:
        airflow.wait_for_dags(["waits_deferred", "waits_blocking", "ends_deferred"])
        yield airflow


def until(airflow: RealAirflow, what: Callable[[], Any], seconds: float = 60) -> Any:
    """Ask until the answer is true; a bound, not a pause."""
    deadline = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < deadline
        airflow.must_live()
    return answer


def started(airflow: RealAirflow, dag_id: str, state: str) -> tuple[str, str]:
    """Start a DAG; return its run's id and the execution's, when the task is in that state."""
    run_id = airflow.trigger(dag_id)
    execution_id = until(airflow, lambda: airflow.xcom(dag_id, run_id, TASK, "execution_id"))
    until(airflow, lambda: airflow.task_instances(dag_id, run_id)[0]["state"] == state)
    return run_id, execution_id


def at_the_vendor(vendor: Emulator, execution_id: str) -> dict[str, Any]:
    (run,) = [run for run in vendor.runs("refold") if run["execution_id"] == execution_id]
    return run


def mark_failed(airflow: RealAirflow, dag_id: str, run_id: str) -> None:
    """Do what a person does with the button *Mark as failed*."""
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{TASK}"
    airflow.request("PATCH", path, {"new_state": "failed"})


def test_a_wait_survives_a_restart_of_the_triggerer_and_shows_its_button(
    airflow: RealAirflow, vendor: Emulator
) -> None:
    """The run is started once, is not stopped by the restart, and its result reaches the DAG."""
    run_id, execution_id = started(airflow, "ends_deferred", "deferred")
    path = f"/api/v2/dags/ends_deferred/dagRuns/{run_id}/taskInstances/{TASK}/links"
    links = airflow.request("GET", path)["extra_links"]
    airflow.restart("triggerer")

    assert airflow.wait_for_run("ends_deferred", run_id, 120) == "success"

    record = airflow.xcom("ends_deferred", run_id, TASK, "return_value")
    record = json.loads(record) if isinstance(record, str) else record
    assert (record["execution_id"], record["state"]) == (execution_id, "succeeded")
    assert links["Open execution"].endswith(execution_id)
    assert at_the_vendor(vendor, execution_id)["stops"] == 0
    assert len([run for run in vendor.runs("refold") if run["workflow_id"] == "sync-contacts"]) == 1


@pytest.mark.parametrize(("dag_id", "state"), [("waits_deferred", "deferred"), ("waits_blocking", "running")])
def test_a_task_that_a_person_ends_stops_its_run(
    airflow: RealAirflow, vendor: Emulator, dag_id: str, state: str
) -> None:
    """In the triggerer and on the worker; once, and the task stays failed."""
    run_id, execution_id = started(airflow, dag_id, state)
    looked = len(vendor.calls("refold", "get"))
    # The trigger is at work: Airflow does not tell one that is killed in its first moments.
    until(airflow, lambda: len(vendor.calls("refold", "get")) > looked + 1)

    mark_failed(airflow, dag_id, run_id)

    until(airflow, lambda: at_the_vendor(vendor, execution_id)["stops"])
    assert airflow.wait_for_run(dag_id, run_id, 60) == "failed"
    assert at_the_vendor(vendor, execution_id)["stops"] == 1
    assert airflow.task_instances(dag_id, run_id)[0]["state"] == "failed"
