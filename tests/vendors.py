"""The rows of the laws: one for each vendor, in its own words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger


@dataclass(frozen=True)
class Vendor:
    """
    What the laws need to know of a vendor.

    ``start``, ``look`` and ``stop`` are the emulator's names of its operations. The workflows are the emulator's own:
    one that succeeds, one that fails with ``failure`` in its message, one that goes on until it is stopped, one that
    ends with a part undone if the vendor has such an end, and one that it does not know. ``workflow`` is the
    parameter that names them.
    """

    conn_type: str
    hook: type[WorkflowHook]
    operator: Callable[..., Any]
    sensor: Callable[..., Any]
    trigger: type[ExecutionTrigger]
    secrets: tuple[str, ...]
    start: str
    look: str
    stop: str | None
    workflow: str
    required: dict[str, Any]
    succeeds: str
    fails: str
    failure: str
    goes_on: str
    partial: str | None
    unknown: str
    bad_input: tuple[tuple[dict[str, Any], str], ...]

    def task(self, workflow: str | None = None, **options: Any) -> Any:
        """Return the vendor's operator for a workflow, impatient enough for a test."""
        parameters = {
            "task_id": "run",
            self.workflow: workflow or self.succeeds,
            "poll_interval": 0.01,
            **self.required,
            **options,
        }
        return self.operator(**parameters)

    def __str__(self) -> str:
        """Name the row in a test's id."""
        return self.conn_type


REFOLD = Vendor(
    conn_type="refold",
    hook=RefoldHook,
    operator=RefoldExecuteWorkflowOperator,
    sensor=RefoldExecutionSensor,
    trigger=RefoldExecutionTrigger,
    secrets=("api_key", "token"),
    start="execute",
    look="get",
    stop="stop",
    workflow="workflow_id",
    required={"slug": "hubspot"},
    succeeds="sync-contacts",
    fails="always-fails",
    failure="contact quota exceeded",
    goes_on="never-ends",
    partial="terminates",
    unknown="no-such-workflow",
    bad_input=(
        ({"workflow_id": ""}, "workflow_id"),
        ({"workflow_id": ".."}, "workflow_id"),
        ({"slug": ""}, "slug"),
        ({"slug": "a\r\nx-api-key: other"}, "slug"),
        ({"payload": ["a", "list"]}, "payload"),
        ({"payload": {"when": object()}}, "payload"),
        ({"payload": {"ratio": float("nan")}}, "payload"),
        ({"config_id": "ä"}, "config_id"),
        ({"instance_tag": "\n"}, "instance_tag"),
        ({"on_partial_failure": "ignore"}, "on_partial_failure"),
        ({"sync_execution": True, "wait_for_completion": False}, "sync_execution"),
    ),
)

VENDORS = [REFOLD]
