"""A watcher in a real triggerer, which is killed; the DAG that it schedules runs on a real scheduler."""

from __future__ import annotations

import json
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.hooks.refold import RefoldHook
from dev.real_airflow import RealAirflow
from tests.real import wait_for

pytestmark = pytest.mark.real

DAG = """
from airflow.sdk import Asset, AssetWatcher, dag, task

from airflow_workflow_providers.triggers.refold import RefoldWorkflowEndedTrigger

ENDED = Asset(
    "refold://workflow/{workflow_id}",
    watchers=[
        AssetWatcher(
            name="ended",
            trigger=RefoldWorkflowEndedTrigger(
                conn_id="refold_default", workflow_id="{workflow_id}", poll_interval=1
            ),
        )
    ],
)


@dag(schedule=[ENDED])
def follows():
    @task(retries=5, retry_delay=1)
    def executions(triggering_asset_events=None):
        events = [event for of_asset in triggering_asset_events.values() for event in of_asset]
        return [event.extra["payload"]["execution_id"] for event in events]

    executions()


follows()
"""


def test_no_end_is_lost_when_the_triggerer_is_killed(
    tmp_path: Path, workflow_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    Each execution that has succeeded is one event, also while there was no triggerer, and events start the DAG.

    Airflow 3.3 may leave events that come close together to the next run of the DAG:
    https://github.com/apache/airflow/issues/56050
    """
    vendor = workflow_emulator
    vendor.set_pace(seconds=3600)
    monkeypatch.setitem(os.environ, "AIRFLOW_CONN_REFOLD_DEFAULT", json.dumps(vendor.connection("refold")))
    with closing(RefoldHook("refold_default")) as hook:
        workflow_id = next(
            doc["_id"] for doc in hook.list_workflows(limit=100)["docs"] if doc["name"] == "sync-contacts"
        )

        def begin() -> str:
            payload = {"email": "jane@example.com"}
            return str(hook.execute_workflow(workflow_id, slug="hubspot", payload=payload).execution_id)

        folder = tmp_path / "dags"
        folder.mkdir()
        (folder / "follows.py").write_text(DAG.replace("{workflow_id}", workflow_id))
        connections = {"refold_default": vendor.connection("refold")}
        with RealAirflow(tmp_path / "home", folder, connections) as airflow:

            def followed() -> list[str]:
                return [
                    each
                    for run in airflow.runs()
                    for each in _value(
                        airflow.xcom("follows", run["dag_run_id"], "executions", "return_value")
                    )
                ]

            def stored() -> list[str]:
                events = airflow.request("GET", "/api/v2/assets/events?limit=100")["asset_events"]
                return [event["extra"]["payload"]["execution_id"] for event in events]

            airflow.wait_for_dags(["follows"])
            airflow.request("PATCH", "/api/v2/dags/follows", {"is_paused": False})
            wait_for(airflow, lambda: vendor.requests("refold", "list"))
            # Each reading of the list is a status check, which keeps an execution that is over at its end.
            first, stopped = begin(), begin()
            hook.stop_execution(stopped)
            wait_for_next(airflow, vendor)
            vendor.set_pace(seconds=0)
            wait_for(airflow, lambda: first in followed())
            vendor.set_pace(seconds=3600)
            before = begin()
            wait_for_next(airflow, vendor)
            airflow.kill("triggerer")
            during = begin()
            vendor.set_pace(seconds=0)
            airflow.launch("triggerer")
            after = begin()
            wait_for(airflow, lambda: {before, during, after} <= set(stored()))

            assert sorted(stored()) == sorted([first, before, during, after])
            wait_for(airflow, lambda: len(followed()) > 1)


def _value(stored: Any) -> list[str]:
    known = json.loads(stored) if isinstance(stored, str) else stored
    return known or []


def wait_for_next(airflow: RealAirflow, vendor: Emulator) -> None:
    """Wait until the watcher has read the list, and Airflow has had the time to store what it has seen."""
    read = len(vendor.requests("refold", "list"))
    wait_for(airflow, lambda: len(vendor.requests("refold", "list")) >= read + 3)
