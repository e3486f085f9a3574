"""One Datalab execution for each item of a list, all waiting in the triggerer at once."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_mapped() -> None:
    """Map over what there is to do; the results come back as a list, in order."""

    @task
    def documents() -> list[dict]:
        """Stand for a query that finds what there is to do."""
        return [
            {"type": "single_file", "file_url": f"https://example.com/{name}.pdf"}
            for name in ("north", "south")
        ]

    DatalabExecuteWorkflowOperator.partial(task_id="parse", workflow_id=101, deferrable=True).expand(
        input_config=documents()
    )


datalab_mapped()
