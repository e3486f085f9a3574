"""Start a PromptLayer execution in one task, and wait for it in another."""

from airflow.sdk import dag

from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator
from airflow_workflow_providers.sensors.promptlayer import PromptLayerExecutionSensor


@dag(schedule=None, tags=["promptlayer"], doc_md=__doc__)
def promptlayer_sensor() -> None:
    """Start in one task, wait in the next one."""
    start = PromptLayerExecuteWorkflowOperator(
        task_id="start",
        workflow_name="answer-question",
        input_variables={"question": "What is new?"},
        wait_for_completion=False,
    )
    wait = PromptLayerExecutionSensor(
        task_id="wait",
        execution_id="{{ ti.xcom_pull(task_ids='start', key='execution_id') }}",
        deferrable=True,
    )
    start >> wait


promptlayer_sensor()
