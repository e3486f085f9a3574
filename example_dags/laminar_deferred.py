"""Start a Laminar job and wait for it in the triggerer. The task holds no worker while it waits."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_deferred() -> None:
    """Run one task, which returns a record."""
    LaminarRunJobOperator(
        task_id="sync",
        job_path="sync-invoices",
        payload={"since": "2026-01-01"},
        deferrable=True,
    )


laminar_deferred()
