"""A wait with a real scheduler, triggerer and worker; its faults are in `dev/chaos`."""

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
        airflow.wait_for_dags(["ends_deferred"])
        yield airflow


def wait_for(airflow: RealAirflow, condition: Callable[[], Any], seconds: float = 60) -> Any:
    """Wait until a condition is true, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline
        airflow.check_alive()
    return value


def started(airflow: RealAirflow, dag_id: str, state: str) -> tuple[str, str]:
    """Start a DAG run; return its id and that of the execution, when the task is in this state."""
    run_id = airflow.trigger(dag_id)
    execution_id = wait_for(airflow, lambda: airflow.xcom(dag_id, run_id, TASK, "execution_id"))
    wait_for(airflow, lambda: airflow.task_instances(dag_id, run_id)[0]["state"] == state)
    return run_id, execution_id


def run_of(vendor: Emulator, execution_id: str) -> dict[str, Any]:
    (run,) = [run for run in vendor.runs("refold") if run["execution_id"] == execution_id]
    return run


def test_a_wait_survives_a_restart_of_the_triggerer_and_shows_the_link(
    airflow: RealAirflow, vendor: Emulator
) -> None:
    """The execution is started once, the restart does not stop it, and its result reaches the DAG."""
    run_id, execution_id = started(airflow, "ends_deferred", "deferred")
    path = f"/api/v2/dags/ends_deferred/dagRuns/{run_id}/taskInstances/{TASK}/links"
    links = airflow.request("GET", path)["extra_links"]
    airflow.restart("triggerer")

    assert airflow.wait_for_run("ends_deferred", run_id, 120) == "success"

    record = airflow.xcom("ends_deferred", run_id, TASK, "return_value")
    record = json.loads(record) if isinstance(record, str) else record
    assert (record["execution_id"], record["state"]) == (execution_id, "succeeded")
    assert links["Open execution"].endswith(execution_id)
    assert airflow.request("GET", path)["extra_links"] == links
    assert run_of(vendor, execution_id)["stops"] == 0
    assert len([run for run in vendor.runs("refold") if run["workflow_id"] == "sync-contacts"]) == 1
