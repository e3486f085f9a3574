"""Datalab."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.datalab import (
    DatalabExecuteWorkflowBatchOperator,
    DatalabExecuteWorkflowOperator,
    DatalabRunPipelineBatchOperator,
    DatalabRunPipelineOperator,
)

datalab_task = decorator(
    DatalabExecuteWorkflowOperator,
    "datalab",
    returns="input_config",
    batch_operator=DatalabExecuteWorkflowBatchOperator,
)
datalab_pipeline_task = decorator(
    DatalabRunPipelineOperator,
    "datalab_pipeline",
    returns="file",
    batch_operator=DatalabRunPipelineBatchOperator,
)
