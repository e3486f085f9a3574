"""Altostrat SDX."""

from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger


class AltostratExecutionTrigger(ExecutionTrigger):
    """Wait for a run of an Altostrat workflow."""

    hook_class = AltostratHook


class AltostratBatchTrigger(BatchTrigger):
    """Wait for the runs of a batch of Altostrat."""

    hook_class = AltostratHook
