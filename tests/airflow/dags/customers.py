"""A DAG that is mapped over the linked accounts that another task returns."""

from airflow.sdk import dag, task

from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator
from airflow_workflow_providers.sensors.refold import RefoldExecutionSensor


@dag(schedule=None)
def customers() -> None:
    """Run one workflow for each customer, and wait for the last one once more."""

    @task
    def accounts() -> list[str]:
        return ["customer_1", "customer_2"]

    run = RefoldExecuteWorkflowOperator.partial(
        task_id="run", workflow_id="each", slug="hubspot", deferrable=True, poll_interval=0.01
    ).expand(linked_account_id=accounts())
    wait = RefoldExecutionSensor(
        task_id="wait",
        execution_id="{{ ti.xcom_pull(task_ids='run')[1]['execution_id'] }}",
        linked_account_id="{{ ti.xcom_pull(task_ids='accounts')[1] }}",
        poke_interval=0.01,
    )
    run >> wait


customers()
