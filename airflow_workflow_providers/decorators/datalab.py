"""Datalab."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.datalab import (
    DatalabExecuteWorkflowOperator,
    DatalabRunPipelineOperator,
)

datalab_task = decorator(DatalabExecuteWorkflowOperator, "datalab", returns="input_config")
datalab_pipeline_task = decorator(DatalabRunPipelineOperator, "datalab_pipeline", returns="file")
