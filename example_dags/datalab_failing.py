"""Show what happens when an execution fails: its task fails with the vendor's message. This DAG fails on purpose."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab", "expect:failed"], doc_md=__doc__)
def datalab_failing() -> None:
    """Fail with an error, which is at the end of the task's log."""
    DatalabExecuteWorkflowOperator(
        task_id="parse",
        workflow_id=102,
        input_config={"file_urls": ["https://example.com/encrypted.pdf"]},
        deferrable=True,
    )


datalab_failing()
