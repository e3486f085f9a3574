"""Start an Altostrat execution in one task, and wait for it in others: by its id, and as the newest one of its workflow."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator
from airflow_workflow_providers.sensors.altostrat import AltostratExecutionSensor, AltostratWorkflowSensor


@dag(schedule=None, tags=["altostrat"], doc_md=__doc__)
def altostrat_sensor() -> None:
    """Start in one task, wait in the next ones. The last one would also find an execution that Altostrat's schedule has started."""
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
    newest = AltostratWorkflowSensor(task_id="newest", workflow_id="fl_sync_sites", deferrable=True)
    start >> [wait, newest]


altostrat_sensor()
