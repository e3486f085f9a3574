"""Datalab."""

from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class DatalabExecutionTrigger(ExecutionTrigger):
    """Wait for a Datalab execution."""

    hook_class = DatalabHook
