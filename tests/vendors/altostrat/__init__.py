"""What is particular to Altostrat: runs that wait for a person, results in a log, addresses that are keys."""

from __future__ import annotations

from typing import Any

from tests.fake_airflow import Task
from tests.vendors import ALTOSTRAT

#: The address of a workflow's webhook, which is a secret: anybody who has it can start the workflow.
WEBHOOK = "https://v1.api.altostrat.io/workflows/webhooks/whsec_abc123-XYZ"


def run(workflow: str = "fl_sync_sites", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, and return the record."""
    return Task(lambda: ALTOSTRAT.task(workflow, **options)).run()
