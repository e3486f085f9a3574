"""A DAG whose tasks read and write files in each way, and one that fails."""

import os

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import (
    DatalabRunPipelineBatchOperator,
    DatalabRunPipelineOperator,
)
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator

DATA = f"file://{os.environ['DATA']}"


@dag(schedule=None)
def operators() -> None:
    """Run them one by one; no task needs another one."""
    DatalabRunPipelineOperator(
        task_id="parse",
        pipeline_id="pl_parse",
        file=f"{DATA}/in/report.pdf",
        output_path=f"{DATA}/out/{{{{ dag.dag_id }}}}",
        deferrable=True,
    )
    DatalabRunPipelineOperator(
        task_id="parse_address",
        pipeline_id="pl_parse",
        file="https://Files.Example/in/a.pdf?X-Amz-Signature=s3cret",
    )
    DatalabRunPipelineBatchOperator(
        task_id="parse_many",
        pipeline_id="pl_parse",
        inputs=[{"file": f"https://files.example/in/{number}.pdf?s3cret"} for number in range(3)],
        output_path=f"{DATA}/many",
        deferrable=True,
    )
    RefoldExecuteWorkflowOperator(
        task_id="fails", workflow_id="always-fails", slug="hubspot", deferrable=True
    )


operators()
