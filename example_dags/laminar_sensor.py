"""Start a Laminar job in one task, and wait for it in another."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.laminar import LaminarRunJobOperator
from airflow_workflow_providers.sensors.laminar import LaminarJobExecutionSensor


@dag(schedule=None, tags=["laminar"], doc_md=__doc__)
def laminar_sensor() -> None:
    """Start in one task, wait in the next one."""
    start = LaminarRunJobOperator(
        task_id="start",
        job_path="sync-invoices",
        payload={"since": "2026-01-01"},
        wait_for_completion=False,
    )
    wait = LaminarJobExecutionSensor(
        task_id="wait",
        execution_id="{{ ti.xcom_pull(task_ids='start', key='execution_id') }}",
        deferrable=True,
    )
    start >> wait


laminar_sensor()
