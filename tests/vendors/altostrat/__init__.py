"""What is Altostrat's own: one header for keys and tokens, runs that wait for a person, results in a log."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor
from tests.task import Task
from tests.vendors import ALTOSTRAT, answer

FAILURE = "Webhook request failed: 503 Service Unavailable"
WEBHOOK = "https://v1.api.altostrat.io/workflows/webhooks/whsec_abc123-XYZ"


def run(workflow: str = "fl_sync_sites", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: ALTOSTRAT.task(workflow, **options)).run()


def start(workflow: str) -> str:
    """Start a run that nobody waits for yet."""
    return str(run(workflow, wait_for_completion=False)["execution_id"])


def operator(workflow: str, deferrable: bool, **options: Any) -> Task:
    return Task(lambda: ALTOSTRAT.task(workflow, deferrable=deferrable, **options))


def sensor(workflow: str, deferrable: bool, **options: Any) -> Task:
    execution_id = start(workflow)
    options = {"poke_interval": 0.01, "deferrable": deferrable, **options}
    return Task(lambda: AltostratExecutionSensor(task_id="wait", execution_id=execution_id, **options))


every_mode = pytest.mark.parametrize(
    ("kind", "deferrable"),
    [(operator, False), (operator, True), (sensor, False), (sensor, True)],
    ids=["blocking", "deferred", "sensor", "deferred-sensor"],
)


def get(body: Any) -> Any:
    return api.get_execution("fl_run_1").read(answer(body))
