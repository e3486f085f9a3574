"""Laminar (now Minicor)."""

from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class LaminarJobExecutionTrigger(ExecutionTrigger):
    """Wait for an execution of a Laminar job."""

    hook_class = LaminarJobHook
