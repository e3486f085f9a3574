"""Start a Datalab workflow and wait for it in the triggerer. The task holds no worker while it waits."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_deferred() -> None:
    """Run one task, which returns a record."""
    DatalabExecuteWorkflowOperator(
        task_id="parse",
        workflow_id=101,
        input_config={"file_urls": ["https://example.com/report.pdf"]},
        deferrable=True,
    )


datalab_deferred()
