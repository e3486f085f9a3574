"""PromptLayer."""

from __future__ import annotations

from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class PromptLayerExecutionTrigger(ExecutionTrigger):
    """Waits for an execution of a PromptLayer workflow; parameters as in :class:`~.base.ExecutionTrigger`."""

    hook_class = PromptLayerHook
