"""Stop an execution in a teardown. The teardown runs even if the work in between has failed."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_stopped() -> None:
    """Start an execution that never ends, do some work, then stop the execution."""

    @task
    def work_that_needs_the_run() -> str:
        """Do the work that needs the execution."""
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
