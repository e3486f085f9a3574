"""A DAG with a task that stores a result with a hook."""

import os

from airflow.sdk import dag, task

from airflow_workflow_providers.hooks.datalab import DatalabPipelineHook
from airflow_workflow_providers.operators.datalab import DatalabRunPipelineOperator


@dag(schedule=None)
def hook() -> None:
    """Run a pipeline, and then store its result."""
    started = DatalabRunPipelineOperator(
        task_id="start", pipeline_id="pl_parse", file="https://files.example/in/a.pdf"
    )

    @task
    def download(record: dict) -> None:
        """Store the result."""
        DatalabPipelineHook().download_result(
            record["execution_id"], f"file://{os.environ['DATA']}/downloaded"
        )

    download(started.output)


hook()
