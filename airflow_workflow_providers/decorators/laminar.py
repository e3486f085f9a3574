"""Laminar (now Minicor)."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.laminar import (
    LaminarExecuteWorkflowBatchOperator,
    LaminarExecuteWorkflowOperator,
    LaminarRunJobBatchOperator,
    LaminarRunJobOperator,
)

laminar_task = decorator(
    LaminarExecuteWorkflowOperator,
    "laminar",
    returns="payload",
    batch_operator=LaminarExecuteWorkflowBatchOperator,
)
laminar_job_task = decorator(
    LaminarRunJobOperator, "laminar_job", returns="payload", batch_operator=LaminarRunJobBatchOperator
)
