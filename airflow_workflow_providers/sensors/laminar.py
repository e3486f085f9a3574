"""Laminar (now Minicor)."""

from typing import Any

from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.laminar import LaminarJobExecutionTrigger


class LaminarJobExecutionSensor(ExecutionSensor):
    """
    Wait for an execution of a Laminar job that another task, DAG or person has started.

    The request is ``GET /_executions/{id}`` of "Calling jobs" in Laminar's platform documentation. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.laminar.LaminarRunJobOperator`.

    :param laminar_conn_id: the connection, of type ``laminar`` (templated).
    """

    template_fields = ("execution_id", "laminar_conn_id")
    hook_class = LaminarJobHook
    trigger_class = LaminarJobExecutionTrigger

    def __init__(self, *, laminar_conn_id: str = "laminar_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.laminar_conn_id = conn_id("laminar_conn_id", laminar_conn_id)
