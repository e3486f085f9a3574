"""Start a Refold workflow and wait for it in the triggerer: no worker is held while it runs."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_deferred() -> None:
    """Two executions, the second with the output of the first."""

    @task
    def next_payload(record: dict) -> dict:
        """Make the input of the second execution from the record of the first."""
        return {"after": record["execution_id"], "answer": record["output"]}

    sync = RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload={"email": "jane@example.com", "run": "{{ run_id }}"},
        deferrable=True,
    )

    RefoldExecuteWorkflowOperator(
        task_id="sync_the_answer",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload=next_payload(sync.output),
        deferrable=True,
    )


refold_deferred()
