"""Datalab."""

from typing import Any

from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.datalab import DatalabExecutionTrigger


class DatalabExecutionSensor(ExecutionSensor):
    """
    Wait for a Datalab execution that another task, DAG or person has started.

    The request is "Get Execution Status" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabExecuteWorkflowOperator`.

    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    """

    template_fields = ("execution_id", "datalab_conn_id")
    hook_class = DatalabHook
    trigger_class = DatalabExecutionTrigger

    def __init__(self, *, datalab_conn_id: str = "datalab_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datalab_conn_id = conn_id("datalab_conn_id", datalab_conn_id)
