"""Run a Laminar workflow in a single request. Laminar responds when the execution has ended, with its result."""

from datetime import timedelta

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.laminar import LaminarExecuteWorkflowOperator


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_blocking() -> None:
    """Wait on the worker. This kind of execution has no id, so no other task can wait for it."""

    @task
    def use(record: dict) -> str:
        """Use the output of the execution, from the record of the task before."""
        return f"Laminar has returned {record['output']}"

    sync = LaminarExecuteWorkflowOperator(
        task_id="sync",
        workflow_id=39,
        payload={"since": "2026-01-01"},
        timeout=timedelta(minutes=5),
    )
    use(sync.output)


laminar_blocking()
