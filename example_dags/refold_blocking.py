"""Start a Refold workflow and wait for it on the worker. Use this for short executions, or without a triggerer."""

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator


@dag(
    schedule=None,
    tags=["refold"],
    doc_md=__doc__,
    # Parameters that several tasks share.
    default_args={"slug": "hubspot", "deferrable": False, "poll_interval": timedelta(seconds=2)},
)
def refold_blocking() -> None:
    """Wait, then print the result."""

    @task
    def show(record: dict) -> str:
        """Print the record of the task before."""
        print(record["execution_id"], record["state"], record["output"])  # noqa: T201  # into the task's log
        return record["execution_id"]

    sync = RefoldExecuteWorkflowOperator(
        task_id="sync_contacts",
        workflow_id="sync-contacts",
        payload={"email": "jane@example.com"},
        instance_tag="{{ run_id }}",
        timeout=timedelta(minutes=10),
    )
    show(sync.output)


refold_blocking()
