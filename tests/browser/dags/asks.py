"""A DAG whose execution waits for a person."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None)
def asks() -> None:
    """Wait for an execution in which a person has to answer."""
    AltostratExecuteWorkflowOperator(
        task_id="approve", workflow_id="fl_form", deferrable=True, poll_interval=1
    )


asks()
