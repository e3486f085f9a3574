"""What is particular to Refold: its parameters, its statuses, its synchronous runs, and its stop."""

from __future__ import annotations

from typing import Any

from tests.fake_airflow import Task
from tests.vendors import REFOLD


def run(workflow: str = "sync-contacts", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, and return the record."""
    return Task(lambda: REFOLD.task(workflow, **options)).run()
