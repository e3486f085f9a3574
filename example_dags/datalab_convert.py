"""Convert a document to Markdown, then extract data from the same document without parsing it again."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.datalab import DatalabConvertOperator, DatalabExtractOperator


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_convert() -> None:
    """Pass the checkpoint of the conversion on to the extraction."""
    convert = DatalabConvertOperator(
        task_id="convert",
        file="https://example.com/invoice.pdf",
        options={"save_checkpoint": True},
        deferrable=True,
    )
    extract = DatalabExtractOperator(
        task_id="extract",
        checkpoint_id="{{ ti.xcom_pull(task_ids='convert')['output']['checkpoint_id'] }}",
        page_schema={"properties": {"total": {"type": "number", "description": "the sum to pay"}}},
        deferrable=True,
    )

    @task
    def use(converted: dict, extracted: dict) -> str:
        """Return the first line of the document with the data from it."""
        heading = converted["output"]["markdown"].splitlines()[0]
        return f"{heading}: {extracted['output']['extraction_schema_json']}"

    convert >> extract
    use(convert.output, extract.output)


datalab_convert()
