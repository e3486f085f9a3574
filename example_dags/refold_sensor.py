"""Start a Refold execution in one task, and wait for it in another. Other tasks can run in between."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor


@dag(schedule=None, tags=["refold"], doc_md=__doc__)
def refold_sensor() -> None:
    """Start in the first task, wait in the last one."""

    @task
    def meanwhile() -> str:
        """Do other work while the execution runs."""
        return "done"

    start = RefoldExecuteWorkflowOperator(
        task_id="start",
        workflow_id="sync-contacts",
        slug="hubspot",
        payload={"email": "jane@example.com"},
        wait_for_completion=False,
    )
    wait = RefoldExecutionSensor(
        task_id="wait",
        execution_id="{{ ti.xcom_pull(task_ids='start', key='execution_id') }}",
        deferrable=True,
    )
    start >> meanwhile() >> wait


refold_sensor()
