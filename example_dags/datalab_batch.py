"""Run a Datalab pipeline over every file of a folder, in one task. The next task reads the manifest line by line."""

import shutil
import tempfile
from pathlib import Path

from airflow.sdk import dag, get_current_context, task

from airflow_workflow_providers.operators.datalab import DatalabRunPipelineBatchOperator
from airflow_workflow_providers.outputs.manifest import BatchManifest

INVOICE = Path(__file__).parent / "documents" / "invoice.pdf"
# The setting [workflow_providers] input_folders must allow a local folder. It can also be a bucket, such as s3://my_conn@my-bucket/in.
INBOX = Path(tempfile.gettempdir()) / "datalab_inbox"


@dag(
    schedule=None,
    tags=["datalab"],
    doc_md=__doc__,
    params={"inbox": str(INBOX), "files": 200, "documents": "file:///tmp/datalab_batch"},
)
def datalab_batch() -> None:
    """Upload each file, run the pipeline over it, and store its documents. No worker is held while the executions run."""

    @task
    def new_files() -> list[dict]:
        """Return an input for each file. Here they are copies of one invoice; in your DAG they are there already."""
        params = get_current_context()["params"]
        inbox = Path(params["inbox"])
        inbox.mkdir(exist_ok=True)
        files = [inbox / f"invoice-{number:03}.pdf" for number in range(params["files"])]
        for file in files:
            shutil.copyfile(INVOICE, file)
        return [{"file": f"file://{file}", "output_name": file.stem} for file in files]

    parse = DatalabRunPipelineBatchOperator(
        task_id="parse",
        pipeline_id="pl_parse",
        inputs=new_files(),
        max_active=200,
        output_path="{{ params.documents }}",
        deferrable=True,
    )

    @task
    def load(result: dict) -> dict:
        """Use the documents; here only their number and their size."""
        lines = list(BatchManifest(result).succeeded())
        return {"documents": len(lines), "bytes": sum(line["bytes"] for line in lines)}

    load(parse.output)


datalab_batch()
