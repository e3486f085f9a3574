"""`airflow workflow-executions` on a real Airflow: its API has the shapes that the other tests of the commands assume."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from airflow_workflow_providers.emulator import Emulator
from dev.real_airflow import RealAirflow
from tests.real import wait_for

pytestmark = pytest.mark.real

DAGS = Path(__file__).parent / "dags"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def airflow(vendor: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealAirflow]:
    home = tmp_path_factory.mktemp("airflow")
    connections = {"refold_default": vendor.connection("refold")}
    # The test is about the commands, also on a busy machine.
    settings = {"AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "60"}
    with RealAirflow(home, DAGS, connections, settings) as airflow:
        airflow.wait_for_dags(["goes_on"], seconds=180)
        yield airflow


def command(airflow: RealAirflow, name: str, *arguments: str) -> CompletedProcess[str]:
    return airflow.command("workflow-executions", name, *arguments, "--conn-id", "refold_default")


def test_an_execution_that_its_task_has_left_behind_is_listed_found_and_stopped(
    airflow: RealAirflow, vendor: Emulator
) -> None:
    run_id = airflow.trigger("goes_on")
    path = f"/api/v2/dags/goes_on/dagRuns/{run_id}/taskInstances/run"
    execution_id = wait_for(airflow, lambda: airflow.xcom("goes_on", run_id, "run", "execution_id"))
    wait_for(airflow, lambda: airflow.request("GET", path)["state"] == "deferred")

    listed = command(airflow, "list", "--output", "json")
    shown = command(airflow, "show", execution_id, "--output", "json")
    before = command(airflow, "reconcile", "--output", "json")
    airflow.request("PATCH", path, {"new_state": "failed"})
    found = command(airflow, "reconcile", "--cancel", "--yes", "--output", "json")
    after = command(airflow, "reconcile", "--output", "json")

    assert listed.returncode == 0, listed.stderr
    (row,) = json.loads(listed.stdout)
    assert (row["run_id"], row["task_state"], row["execution_id"]) == (run_id, "deferred", execution_id)
    assert (json.loads(shown.stdout)[0]["state"], shown.stderr) == ("running", "")
    assert (before.returncode, json.loads(before.stdout)) == (0, [])
    (row,) = json.loads(found.stdout)
    assert (found.returncode, row["found"], row["task_state"]) == (3, "running", "failed")
    assert "was asked to stop" in row["detail"]
    assert [run["stops"] for run in vendor.runs("refold")] == [1]
    assert after.returncode == 0, after.stderr
