"""Altostrat SDX."""

from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class AltostratExecutionTrigger(ExecutionTrigger):
    """Wait for a run of an Altostrat workflow."""

    hook_class = AltostratHook
