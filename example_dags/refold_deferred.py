"""Start a Refold workflow and wait for it in the triggerer: no worker is held while it runs."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_deferred() -> None:
    """One task, and another that reads its result."""
    sync = RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload={"email": "jane@example.com", "run": "{{ run_id }}"},
        deferrable=True,
        poll_interval=3,
    )

    RefoldExecuteWorkflowOperator(
        task_id="sync_the_answer",
        workflow_id="sync-contacts",
        slug="hubspot",
        # What the first run answered is the input of the second.
        payload=sync.output["output"],
        deferrable=True,
        poll_interval=3,
    )


refold_deferred()
