"""Stop an execution that is no longer needed: a teardown does it, whatever became of the work in between."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_stopped() -> None:
    """Let an execution that has no end of its own go on as long as the work that needs it."""

    @task
    def work_that_needs_the_run() -> str:
        """Stand for work that needs the execution."""
        return "done"

    start = RefoldExecuteWorkflowOperator(
        task_id="start", workflow_id="never-ends", slug="hubspot", wait_for_completion=False
    )
    stop = RefoldStopExecutionOperator(
        task_id="stop",
        execution_id="{{ ti.xcom_pull(task_ids='start', key='execution_id') }}",
        poll_interval=1,
    )
    start.as_setup() >> work_that_needs_the_run() >> stop.as_teardown(setups=start)


refold_stopped()
