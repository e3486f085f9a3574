"""Run a Laminar workflow in one call, which returns when the execution is over: the response is the result."""

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_blocking() -> None:
    """Wait on the worker: an execution of this kind has no id to wait for elsewhere."""

    @task
    def show(record: dict) -> str:
        """Take the state from what the task before has returned."""
        return record["state"]

    sync = LaminarExecuteWorkflowOperator(
        task_id="sync",
        workflow_id=39,
        payload={"since": "2026-01-01"},
        timeout=timedelta(minutes=5),
    )
    show(sync.output)


laminar_blocking()
