"""A run that fails fails its task, with the message of the node that failed. This DAG is meant to fail."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold", "expect:failed"], doc_md=__doc__)
def refold_failing() -> None:
    """Look at the end of the task's log."""
    RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="always-fails",
        slug="hubspot",
        payload={"email": "jane@example.com"},
        deferrable=True,
    )


refold_failing()
