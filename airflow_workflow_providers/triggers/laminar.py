"""Laminar (now Minicor)."""

from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger


class LaminarJobExecutionTrigger(ExecutionTrigger):
    """Wait for an execution of a Laminar job."""

    hook_class = LaminarJobHook


class LaminarJobBatchTrigger(BatchTrigger):
    """Wait for the executions of a batch of a Laminar job."""

    hook_class = LaminarJobHook
