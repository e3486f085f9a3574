"""What is particular to PromptLayer: executions that are read from their nodes, final outputs, callback addresses."""

from __future__ import annotations

from typing import Any

from tests.fake_airflow import Task
from tests.vendors import PROMPTLAYER

#: The addresses of callbacks: with a secret in the query, and with one in the path.
CALLBACK = "https://hooks.example.com/promptlayer?token=a-callback-secret"
CALLBACK_PATH = "https://hooks.example.com/T01/a-callback-secret"


def run(workflow: str | int = "answer-question", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, and return the record."""
    return Task(lambda: PROMPTLAYER.task(workflow, **options)).run()
