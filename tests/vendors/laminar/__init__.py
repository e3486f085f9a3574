"""What is Laminar's own: the external call, which no row of the laws stands for, and the jobs' own shapes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator
from tests.task import Task
from tests.vendors import LAMINAR_JOBS

CALLBACK = "https://hooks.example.com/in/t0ken-in-the-path?signature=s1gned"


def external(workflow: int | str = 39, **options: Any) -> Task:
    """Return a task that runs a workflow of the external API."""
    retries = options.pop("retries", 0)
    return Task(
        lambda: LaminarExecuteWorkflowOperator(task_id="run", workflow_id=workflow, **options),
        retries=retries,
    )


def run(workflow: int | str = 39, **options: Any) -> dict[str, Any]:
    return external(workflow, **options).run()


def job(path: str = "sync-invoices", **options: Any) -> dict[str, Any]:
    return Task(lambda: LAMINAR_JOBS.task(path, **options)).run()


def change(monkeypatch: pytest.MonkeyPatch, emulator: Emulator, **fields: Any) -> None:
    """Set the default connection to one with some fields changed."""
    connection = {**emulator.connection("laminar"), **fields}
    monkeypatch.setenv("AIRFLOW_CONN_LAMINAR_DEFAULT", json.dumps(connection))
