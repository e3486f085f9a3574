"""Refold (formerly Cobalt)."""

from __future__ import annotations

from typing import Any, Literal

from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.links import ExecutionLink
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger


class RefoldExecutionSensor(ExecutionSensor):
    """
    Wait for a Refold execution that another task, DAG or person has started.

    The call is "Get Execution" of Refold's API reference, https://docs.refold.ai/. The task returns the same record
    as :class:`~airflow_workflow_providers.operators.refold.RefoldExecuteWorkflowOperator`. How to wait is said as in
    :class:`~airflow_workflow_providers.sensors.base.ExecutionSensor`. A sensor never stops an execution.

    :param execution_id: the execution (templated).
    :param on_partial_failure: what ``TERMINATED`` and ``Partially Successful`` mean for the task: ``"fail"`` or
        ``"succeed"``.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    """

    template_fields = ("execution_id", "refold_conn_id")
    operator_extra_links = (ExecutionLink(),)
    hook_class = RefoldHook
    trigger_class = RefoldExecutionTrigger

    def __init__(
        self,
        *,
        execution_id: str,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        refold_conn_id: str = "refold_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(execution_id=execution_id, **kwargs)
        self.on_partial_failure = on_partial_failure
        conn_id("refold_conn_id", refold_conn_id)
        self.refold_conn_id = refold_conn_id
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
