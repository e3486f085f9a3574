"""What is Refold's own: its parameters, its two envelopes, its statuses, its synchronous answers, its stop."""

from __future__ import annotations

from typing import Any

from tests.task import Task
from tests.vendors import REFOLD


def run(workflow: str = "sync-contacts", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: REFOLD.task(workflow, **options)).run()
