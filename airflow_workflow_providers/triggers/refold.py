"""Refold (formerly Cobalt)."""

from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class RefoldExecutionTrigger(ExecutionTrigger):
    """Wait for a Refold execution."""

    hook_class = RefoldHook
