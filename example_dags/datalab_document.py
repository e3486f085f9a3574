"""Send a local PDF through a Datalab pipeline and a workflow. The documents go to a folder, and the next task reads them."""

import json
from pathlib import Path

from airflow.sdk import ObjectStoragePath, dag, task

from airflow_workflow_providers.operators.datalab import (
    DatalabExecuteWorkflowOperator,
    DatalabRunPipelineOperator,
)

# The setting [workflow_providers] input_folders must allow the folder of a local file.
INVOICE = f"file://{Path(__file__).parent / 'documents' / 'invoice.pdf'}"
OUT = "{{ params.documents }}"


# The folder can be any address that Airflow's object storage knows, such as s3://my_conn@my-bucket/documents.
@dag(schedule=None, tags=["datalab"], doc_md=__doc__, params={"documents": "file:///tmp/datalab_documents"})
def datalab_document() -> None:
    """Upload the file once for each execution, wait in the triggerer, and use the Markdown."""
    pipeline = DatalabRunPipelineOperator(
        task_id="pipeline", pipeline_id="pl_parse", file=INVOICE, output_path=OUT, deferrable=True
    )
    workflow = DatalabExecuteWorkflowOperator(
        task_id="workflow",
        workflow_id=101,
        input_config={"file_urls": [INVOICE]},
        output_path=OUT,
        deferrable=True,
    )

    @task
    def headings(record: dict) -> list[str]:
        """Return the first line of each document."""
        documents = [json_of(entry["uri"]) for entry in record["output"]]
        return [document["markdown"].splitlines()[0] for document in documents]

    headings.override(task_id="headings_of_pipeline")(pipeline.output)
    headings.override(task_id="headings_of_workflow")(workflow.output)


def json_of(uri: str) -> dict:
    """Read a file of JSON from object storage."""
    return json.loads(ObjectStoragePath(uri).read_text())


datalab_document()
