"""Start a Laminar job and wait for it in the triggerer: no worker is held while it runs."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_deferred() -> None:
    """One task: its record is the result."""
    LaminarRunJobOperator(
        task_id="sync",
        job_path="sync-invoices",
        payload={"since": "2026-01-01"},
        deferrable=True,
    )


laminar_deferred()
