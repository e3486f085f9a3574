"""An execution that fails fails its task, with the vendor's message. This DAG is meant to fail."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab", "expect:failed"], doc_md=__doc__)
def datalab_failing() -> None:
    """Look at the end of the task's log."""
    DatalabExecuteWorkflowOperator(
        task_id="parse",
        workflow_id=102,
        input_config={"file_urls": ["https://example.com/encrypted.pdf"]},
        deferrable=True,
    )


datalab_failing()
