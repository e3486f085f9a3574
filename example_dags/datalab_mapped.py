"""Start one Datalab execution for each item of a list. All of them wait in the triggerer at the same time."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_mapped() -> None:
    """Map one task over a list. The result is a list of records, in the same order."""

    @task
    def documents() -> list[dict]:
        """Return the inputs. In a real DAG this is a query."""
        return [
            {"type": "single_file", "file_url": f"https://example.com/{name}.pdf"}
            for name in ("north", "south")
        ]

    DatalabExecuteWorkflowOperator.partial(task_id="parse", workflow_id=101, deferrable=True).expand(
        input_config=documents()
    )


datalab_mapped()
