"""A DAG whose execution waits for a person."""

from airflow.sdk import DAG

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator

with DAG("change_of_site", schedule=None):
    # A person who gives up wants no retry.
    AltostratExecuteWorkflowOperator(
        task_id="approve", workflow_id="fl_approve_change", deferrable=True, poll_interval=1, retries=1
    )
