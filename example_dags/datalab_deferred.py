"""Start a Datalab workflow and wait for it in the triggerer: no worker is held while it runs."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_deferred() -> None:
    """One task: its record is the result."""
    DatalabExecuteWorkflowOperator(
        task_id="parse",
        workflow_id=101,
        input_config={"file_urls": ["https://example.com/report.pdf"]},
        deferrable=True,
    )


datalab_deferred()
