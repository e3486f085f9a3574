"""What is particular to Datalab: its input, its steps and files, its quota of pages, and its signed addresses."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core.execution import Execution
from tests.fake_airflow import Task
from tests.vendors import DATALAB, response

QUOTA = "Page rate limit exceeded. Your team has 5000 pages in flight."
SIGNED = "https://bucket.example.com/out/1.json?X-Amz-Signature=5ec2e7&X-Amz-Expires=3600"


def run(workflow: int | str = 101, **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, and return the record."""
    return Task(lambda: DATALAB.task(workflow, **options)).run()


def read(body: Any) -> Execution:
    """Read an execution. A status check, which does not read the output, says the same about it."""
    execution = api.get_execution("70001").parse(response(body))
    checked = api.get_status("70001").parse(response(body))
    assert (checked.state, checked.status, checked.output) == (execution.state, execution.status, None)
    return execution
