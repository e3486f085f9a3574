"""Run a Laminar job with a request that responds when the execution has ended. No status checks are needed."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.laminar import LaminarRunJobSyncOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_synchronous() -> None:
    """Use this for short jobs: the task waits on the worker, and a retry cannot reattach to the execution."""
    LaminarRunJobSyncOperator(
        task_id="sync_invoices",
        job_path="sync-invoices",
        payload={"month": "2026-11"},
    )


laminar_synchronous()
