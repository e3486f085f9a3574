"""PromptLayer."""

from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class PromptLayerExecutionTrigger(ExecutionTrigger):
    """Wait for an execution of a PromptLayer workflow."""

    hook_class = PromptLayerHook
