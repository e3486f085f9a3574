"""Show what happens when an execution fails: its task fails with the vendor's message. This DAG fails on purpose."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator


@dag(schedule=None, tags=["altostrat", "expect:failed"], doc_md=__doc__)
def altostrat_failing() -> None:
    """Fail with an error, which is at the end of the task's log."""
    AltostratExecuteWorkflowOperator(
        task_id="sync",
        workflow_id="fl_always_fails",
        context={"site_id": "site_456"},
        deferrable=True,
    )


altostrat_failing()
