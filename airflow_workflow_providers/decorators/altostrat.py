"""Altostrat SDX."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.altostrat import (
    AltostratExecuteWorkflowBatchOperator,
    AltostratExecuteWorkflowOperator,
)

altostrat_task = decorator(
    AltostratExecuteWorkflowOperator,
    "altostrat",
    returns="context",
    batch_operator=AltostratExecuteWorkflowBatchOperator,
)
