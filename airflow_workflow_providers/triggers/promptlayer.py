"""PromptLayer."""

from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger


class PromptLayerExecutionTrigger(ExecutionTrigger):
    """Wait for an execution of a PromptLayer workflow."""

    hook_class = PromptLayerHook


class PromptLayerBatchTrigger(BatchTrigger):
    """Wait for the executions of a batch of PromptLayer."""

    hook_class = PromptLayerHook
