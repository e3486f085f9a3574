"""What is PromptLayer's own: its parameters, runs that are what their nodes are, final outputs, callback addresses."""

from __future__ import annotations

from typing import Any

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.sensors.promptlayer import PromptLayerExecutionSensor
from tests.task import Task
from tests.vendors import PROMPTLAYER, answer

#: A callback address with a secret in its query, and one with a secret in its path.
CALLBACK = "https://hooks.example.com/promptlayer?token=a-callback-secret"
CALLBACK_PATH = "https://hooks.example.com/T01/a-callback-secret"


def run(workflow: str | int = "answer-question", **options: Any) -> dict[str, Any]:
    """Run a workflow to its end, through whichever mode the options say."""
    return Task(lambda: PROMPTLAYER.task(workflow, **options)).run()


def wait_for(execution_id: Any, **options: Any) -> dict[str, Any]:
    """Wait with a sensor for a run that is there."""
    return Task(
        lambda: PromptLayerExecutionSensor(
            task_id="wait", execution_id=execution_id, poke_interval=0.01, **options
        )
    ).run()


def looked(body: Any, status: int = 200) -> Execution:
    """Read the same answer as a look and as the read of the result: they say the same of the execution."""
    execution = api.get_execution("7").read(answer(body, status))
    seen = api.look("7").read(answer(body, status))
    assert (seen.state, seen.status, seen.output) == (execution.state, execution.status, None)
    return execution


def started(body: Any, status: int = 201, **options: Any) -> Execution:
    return api.run_workflow("w", **options).read(answer(body, status))


def node(status: Any = "SUCCESS", value: Any = None, *, is_output: Any = True, **more: Any) -> dict[str, Any]:
    return {
        "status": status,
        "value": value,
        "error_message": None,
        "raw_error_message": None,
        "is_output_node": is_output,
        **more,
    }
