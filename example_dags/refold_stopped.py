"""Stop a run that is no longer wanted: a teardown does it, whatever has become of the work between."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import (
    RefoldExecuteWorkflowOperator,
    RefoldStopExecutionOperator,
)


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_stopped() -> None:
    """Let a run that would go on for ever last as long as the work that needs it."""

    @task
    def work_that_needs_the_run() -> str:
        """Stand for work against something that the run keeps up."""
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
