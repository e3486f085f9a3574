"""Refold."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowBatchOperator,
    RefoldExecuteWorkflowOperator,
)

refold_task = decorator(
    RefoldExecuteWorkflowOperator,
    "refold",
    returns="payload",
    batch_operator=RefoldExecuteWorkflowBatchOperator,
)
