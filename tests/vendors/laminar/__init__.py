"""What is particular to Laminar: the external call, which has no row among the vendors, and the forms of its jobs."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator
from tests.fake_airflow import Task
from tests.vendors import LAMINAR_JOBS

#: The address of a callback, with a secret in its path and one in its query.
CALLBACK = "https://hooks.example.com/in/t0ken-in-the-path?signature=s1gned"


def external(workflow: int | str = 39, *, retries: int = 0, **options: Any) -> Task:
    """Return a task with the external call of a workflow."""
    options = {"task_id": "run", "workflow_id": workflow, **options}
    return Task(lambda: LaminarExecuteWorkflowOperator(**options), retries=retries)


def job(path: str = "sync-invoices", **options: Any) -> dict[str, Any]:
    """Run a job to its end, and return the record."""
    return Task(lambda: LAMINAR_JOBS.task(path, **options)).run()
