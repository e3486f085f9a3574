"""Let Refold respond when the execution is over, with its result: one request, and no status checks."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_synchronous() -> None:
    """For runs of less than about two minutes."""
    RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload={"email": "jane@example.com"},
        sync_execution=True,
    )


refold_synchronous()
