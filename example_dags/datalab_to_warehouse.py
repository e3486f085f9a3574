"""Bring the documents of a bucket into a table of a warehouse: one Datalab execution for each document, in one task."""

import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from airflow.sdk import ObjectStoragePath, dag, get_current_context, task

from airflow_workflow_providers.operators.datalab import DatalabRunPipelineBatchOperator
from airflow_workflow_providers.outputs.manifest import BatchManifest

PARAMS = {
    # Both can be buckets, such as s3://my_conn@my-bucket/inbox. A local inbox must be allowed: [workflow_providers] input_folders.
    "inbox": f"file://{Path(__file__).parent / 'documents'}",
    "parsed": "file:///tmp/datalab_to_warehouse",
    # Here the warehouse is a file. In your DAG it is a hook, such as PostgresHook.
    "warehouse": str(Path(tempfile.gettempdir()) / "datalab_warehouse.db"),
}


@dag(schedule=None, tags=["datalab"], doc_md=__doc__, params=PARAMS)
def datalab_to_warehouse() -> None:
    """List the bucket, parse each document, and load the results. A second run of the load changes nothing."""

    @task
    def documents() -> list[dict]:
        """Return an input for each document."""
        inbox = ObjectStoragePath(get_current_context()["params"]["inbox"])
        return [{"file": str(path), "output_name": path.stem} for path in inbox.iterdir()]

    parse = DatalabRunPipelineBatchOperator(
        task_id="parse",
        pipeline_id="pl_parse",
        inputs=documents(),
        output_path="{{ params.parsed }}/{{ run_id }}",
        deferrable=True,
    )

    @task
    def load(result: dict) -> int:
        """Write a row for each result, and return how many there are."""
        rows = [
            (file["uri"], ObjectStoragePath(file["uri"]).read_text())
            for line in BatchManifest(result).succeeded()
            for file in line.get("files") or [line]
        ]
        with closing(sqlite3.connect(get_current_context()["params"]["warehouse"])) as warehouse, warehouse:
            warehouse.execute("CREATE TABLE IF NOT EXISTS documents (uri TEXT PRIMARY KEY, content TEXT)")
            warehouse.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?)", rows)
        return len(rows)

    load(parse.output)


datalab_to_warehouse()
