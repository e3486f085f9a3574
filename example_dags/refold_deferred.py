"""Start a Refold workflow and wait for it in the triggerer. The task holds no worker while it waits."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_deferred() -> None:
    """Run two executions. The input of the second one is the output of the first one."""

    @task
    def next_payload(record: dict) -> dict:
        """Return the input of the second execution, from the record of the first one."""
        return {"after": record["execution_id"], "answer": record["output"]}

    sync = RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload={"email": "jane@example.com", "run": "{{ run_id }}"},
        deferrable=True,
    )

    RefoldExecuteWorkflowOperator(
        task_id="sync_the_output",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload=next_payload(sync.output),
        deferrable=True,
    )


refold_deferred()
