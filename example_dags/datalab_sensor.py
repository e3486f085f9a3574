"""Start a Datalab execution in one task, and wait for it in another."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.datalab import DatalabExecuteWorkflowOperator
from airflow_workflow_providers.sensors.datalab import DatalabExecutionSensor


@dag(schedule=None, tags=["datalab"], doc_md=__doc__)
def datalab_sensor() -> None:
    """Start in one task, wait in the next one."""
    start = DatalabExecuteWorkflowOperator(
        task_id="start",
        workflow_id=101,
        input_config={"file_urls": ["https://example.com/report.pdf"]},
        wait_for_completion=False,
    )
    wait = DatalabExecutionSensor(
        task_id="wait",
        execution_id="{{ ti.xcom_pull(task_ids='start', key='execution_id') }}",
        deferrable=True,
    )
    start >> wait


datalab_sensor()
