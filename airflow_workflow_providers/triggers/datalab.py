"""Datalab."""

from __future__ import annotations

from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class DatalabExecutionTrigger(ExecutionTrigger):
    """Waits for a Datalab execution; parameters as in :class:`~.base.ExecutionTrigger`."""

    hook_class = DatalabHook
