"""Laminar (now Minicor)."""

from airflow_workflow_providers.decorators.base import decorator
from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator, LaminarRunJobOperator

laminar_task = decorator(LaminarExecuteWorkflowOperator, "laminar", returns="payload")
laminar_job_task = decorator(LaminarRunJobOperator, "laminar_job", returns="payload")
