"""Run a Datalab pipeline over each document of a list. All of them wait in the triggerer; the next task uses the results."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.datalab import DatalabRunPipelineOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_pipeline() -> None:
    """Map one task over a list of addresses. The result of a pipeline has one entry for each of its steps."""
    parse = DatalabRunPipelineOperator.partial(
        task_id="parse", pipeline_id="pl_parse", output_format="markdown", deferrable=True
    ).expand(file=["https://example.com/north.pdf", "https://example.com/south.pdf"])

    @task
    def pages(record: dict) -> str:
        """Return the Markdown of the first step."""
        return record["output"][0]["result"]["markdown"]

    pages.expand(record=parse.output)


datalab_pipeline()
