"""Datalab."""

from __future__ import annotations

from typing import Any, Literal

from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.datalab import DatalabExecutionTrigger


class DatalabExecutionSensor(ExecutionSensor):
    """
    Wait for a Datalab execution that another task, DAG or person has started.

    The call is "Get Execution Status" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabExecuteWorkflowOperator`. How to
    wait is said as in :class:`~airflow_workflow_providers.sensors.base.ExecutionSensor`.

    :param execution_id: the execution (templated).
    :param on_partial_failure: what an execution that completed although files failed, or steps were left undone,
        means for the task: ``"fail"``, with the names of step and file, or ``"succeed"``.
    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    """

    template_fields = ("execution_id", "datalab_conn_id")
    hook_class = DatalabHook
    trigger_class = DatalabExecutionTrigger

    def __init__(
        self,
        *,
        execution_id: str,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        datalab_conn_id: str = "datalab_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(execution_id=execution_id, **kwargs)
        self.on_partial_failure = on_partial_failure
        conn_id("datalab_conn_id", datalab_conn_id)
        self.datalab_conn_id = datalab_conn_id
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
