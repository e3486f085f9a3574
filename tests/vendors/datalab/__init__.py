"""What is Datalab's own: its input, its ids, its steps by file, its quota of pages, and its signed addresses."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor
from tests.task import Task
from tests.vendors import DATALAB, answer

QUOTA = "Page rate limit exceeded. Your team has 5000 pages in flight."
SIGNED = "https://bucket.example.com/out/1.json?X-Amz-Signature=5ec2e7&X-Amz-Expires=3600"


def run(workflow: int | str = 101, **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: DATALAB.task(workflow, **options)).run()


def start(workflow: int | str = 101, **options: Any) -> str:
    """Start a workflow for somebody else to wait for."""
    with closing(DatalabHook()) as hook:
        return str(hook.execute_workflow(workflow, **options).execution_id)


def wait_for(execution_id: str, **options: Any) -> dict[str, Any]:
    """Wait for an execution with a sensor."""
    options = {"poke_interval": 0.01, **options}
    return Task(lambda: DatalabExecutionSensor(task_id="wait", execution_id=execution_id, **options)).run()


def in_mode(mode: str, workflow: int, **options: Any) -> dict[str, Any]:
    """Wait for a run of the workflow in one of the four ways."""
    deferrable = "deferred" in mode
    if "sensor" in mode:
        return wait_for(start(workflow), deferrable=deferrable, **options)
    return run(workflow, deferrable=deferrable, **options)


every_mode = pytest.mark.parametrize("mode", ["blocking", "deferred", "sensor", "deferred sensor"])


def started(body: Any) -> Execution:
    """Read the answer to a start."""
    return api.execute_workflow(101).read(answer(body))


def looked(body: Any) -> Execution:
    """Read the answer with its output; a look, which reads no step, says the same of whether the run is over."""
    execution = api.get_execution("70001").read(answer(body))
    seen = api.look("70001").read(answer(body))
    assert (seen.over, seen.status, seen.output) == (execution.over, execution.status, None)
    return execution
