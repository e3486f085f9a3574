"""Show what happens when an execution fails: its task fails with the message of the failed node. This DAG fails on purpose."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold", "expect:failed"], doc_md=__doc__)
def refold_failing() -> None:
    """Fail with an error, which is at the end of the task's log."""
    RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="always-fails",
        slug="hubspot",
        payload={"email": "jane@example.com"},
        deferrable=True,
    )


refold_failing()
