"""Show what happens when a job fails: its task fails with the vendor's message. This DAG fails on purpose."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator


@dag(schedule=None, tags=["laminar", "expect:failed"], doc_md=__doc__)
def laminar_failing() -> None:
    """Fail with an error, which is at the end of the task's log."""
    LaminarRunJobOperator(
        task_id="sync",
        job_path="always-fails",
        payload={"since": "2026-01-01"},
        deferrable=True,
    )


laminar_failing()
