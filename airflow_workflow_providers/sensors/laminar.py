"""Laminar (now Minicor)."""

from __future__ import annotations

from typing import Any, Literal

from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.laminar import LaminarJobExecutionTrigger


class LaminarJobExecutionSensor(ExecutionSensor):
    """
    Wait for an execution of a Laminar job that another task, DAG or person has started.

    The call is ``GET /_executions/{id}`` of "Calling jobs" in Laminar's platform documentation. The task returns the
    same record as :class:`~airflow_workflow_providers.operators.laminar.LaminarRunJobOperator`. How to wait is said as
    in :class:`~airflow_workflow_providers.sensors.base.ExecutionSensor`.

    :param execution_id: the job's execution (templated).
    :param on_partial_failure: what a job that succeeded in part means for the task: ``"fail"`` or ``"succeed"``.
    :param laminar_conn_id: the connection, of type ``laminar`` (templated).
    """

    template_fields = ("execution_id", "laminar_conn_id")
    hook_class = LaminarJobHook
    trigger_class = LaminarJobExecutionTrigger

    def __init__(
        self,
        *,
        execution_id: str,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        laminar_conn_id: str = "laminar_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(execution_id=execution_id, **kwargs)
        self.on_partial_failure = on_partial_failure
        conn_id("laminar_conn_id", laminar_conn_id)
        self.laminar_conn_id = laminar_conn_id
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
