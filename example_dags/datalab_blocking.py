"""Start a Datalab workflow, wait for it on the worker, and use its result."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_blocking() -> None:
    """Wait, then read the record."""

    @task
    def use(record: dict) -> str:
        """Use the output of the execution, from the record of the task before."""
        [document] = record["output"]["parse"].values()
        return document["result"]["markdown"]

    parse = DatalabExecuteWorkflowOperator(
        task_id="parse",
        workflow_id=101,
        input_config={"file_urls": ["https://example.com/report.pdf"]},
        deferrable=False,
    )
    use(parse.output)


datalab_blocking()
