"""Datalab."""

from airflow_workflow_providers.hooks.datalab import (
    DatalabConvertHook,
    DatalabExtractHook,
    DatalabHook,
    DatalabPipelineHook,
    DatalabSegmentHook,
)
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger
from airflow_workflow_providers.triggers.ended import WorkflowEndedTrigger


class DatalabExecutionTrigger(ExecutionTrigger):
    """Wait for a Datalab execution."""

    hook_class = DatalabHook


class DatalabPipelineExecutionTrigger(ExecutionTrigger):
    """Wait for an execution of a Datalab pipeline."""

    hook_class = DatalabPipelineHook


class DatalabPipelineBatchTrigger(BatchTrigger):
    """Wait for the executions of a batch of a Datalab pipeline."""

    hook_class = DatalabPipelineHook


class DatalabPipelineEndedTrigger(WorkflowEndedTrigger):
    """
    Send an event for each execution of a Datalab pipeline that has ended: the trigger of an ``AssetWatcher``.

    The requests are "List Pipeline Executions" and "Get Pipeline Execution" of Datalab's API reference,
    https://documentation.datalab.to/. An execution has no label, so those that an operator of this package has started are
    events too.

    :param workflow_id: the pipeline, ``pl_...``.
    """

    hook_class = DatalabPipelineHook


class DatalabConvertExecutionTrigger(ExecutionTrigger):
    """Wait for a conversion of a document by Datalab."""

    hook_class = DatalabConvertHook


class DatalabExtractExecutionTrigger(ExecutionTrigger):
    """Wait for a extraction from a document by Datalab."""

    hook_class = DatalabExtractHook


class DatalabSegmentExecutionTrigger(ExecutionTrigger):
    """Wait for a segmentation of a document by Datalab."""

    hook_class = DatalabSegmentHook


class DatalabBatchTrigger(BatchTrigger):
    """Wait for the executions of a batch of a Datalab workflow."""

    hook_class = DatalabHook


class DatalabConvertBatchTrigger(BatchTrigger):
    """Wait for the conversions of a batch."""

    hook_class = DatalabConvertHook


class DatalabExtractBatchTrigger(BatchTrigger):
    """Wait for the extractions of a batch."""

    hook_class = DatalabExtractHook


class DatalabSegmentBatchTrigger(BatchTrigger):
    """Wait for the segmentations of a batch."""

    hook_class = DatalabSegmentHook
