"""Start an Altostrat execution in one task, and wait for it in another."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_sensor() -> None:
    """Start in one task, wait in the next one."""
    start = AltostratExecuteWorkflowOperator(
        task_id="start",
        workflow_id="fl_sync_sites",
        context={"site_id": "site_456"},
        wait_for_completion=False,
    )
    wait = AltostratExecutionSensor(
        task_id="wait",
        execution_id="{{ ti.xcom_pull(task_ids='start', key='execution_id') }}",
        deferrable=True,
    )
    start >> wait


altostrat_sensor()
