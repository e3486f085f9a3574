"""Start a Refold workflow with a request that responds when the execution has ended. No status checks are needed."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_synchronous() -> None:
    """Use this for executions that take less than about two minutes."""
    RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload={"email": "jane@example.com"},
        sync_execution=True,
    )


refold_synchronous()
