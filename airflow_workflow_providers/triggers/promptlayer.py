"""PromptLayer."""

from airflow_workflow_providers.hooks.promptlayer import (
    PromptLayerHook,
    PromptLayerScorecardHook,
    PromptLayerSheetHook,
)
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger


class PromptLayerExecutionTrigger(ExecutionTrigger):
    """Wait for an execution of a PromptLayer workflow."""

    hook_class = PromptLayerHook


class PromptLayerBatchTrigger(BatchTrigger):
    """Wait for the executions of a batch of PromptLayer."""

    hook_class = PromptLayerHook


class PromptLayerSheetExecutionTrigger(ExecutionTrigger):
    """Wait for the recalculation of a sheet of a PromptLayer table."""

    hook_class = PromptLayerSheetHook


class PromptLayerSheetBatchTrigger(BatchTrigger):
    """Wait for the recalculations of a batch of sheets."""

    hook_class = PromptLayerSheetHook


class PromptLayerScorecardExecutionTrigger(ExecutionTrigger):
    """Wait for the recalculation of a scorecard of a PromptLayer table."""

    hook_class = PromptLayerScorecardHook


class PromptLayerScorecardBatchTrigger(BatchTrigger):
    """Wait for the recalculations of a batch of scorecards."""

    hook_class = PromptLayerScorecardHook
