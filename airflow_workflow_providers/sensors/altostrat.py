"""Altostrat SDX."""

from __future__ import annotations

from typing import Any, Literal

from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.altostrat import AltostratExecutionTrigger


class AltostratExecutionSensor(ExecutionSensor):
    """
    Wait for a run of an Altostrat workflow that another task, DAG or person has started.

    The call is "Retrieve a workflow run" of Altostrat's API reference, https://altostrat.io/docs/. The task returns the
    same record as :class:`~airflow_workflow_providers.operators.altostrat.AltostratExecuteWorkflowOperator`. How to
    wait is said as in :class:`~airflow_workflow_providers.sensors.base.ExecutionSensor`.

    :param execution_id: the run, ``fl_run_...`` (templated).
    :param on_ui_interaction: what happens when the run waits for a person: ``"wait"`` or ``"fail"``.
    :param altostrat_conn_id: the connection, of type ``altostrat`` (templated).
    """

    template_fields = ("execution_id", "altostrat_conn_id")
    hook_class = AltostratHook
    trigger_class = AltostratExecutionTrigger

    def __init__(
        self,
        *,
        execution_id: str,
        on_ui_interaction: Literal["wait", "fail"] = "wait",
        altostrat_conn_id: str = "altostrat_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(execution_id=execution_id, **kwargs)
        self.on_ui_interaction = on_ui_interaction
        conn_id("altostrat_conn_id", altostrat_conn_id)
        self.altostrat_conn_id = altostrat_conn_id
        one_of("on_ui_interaction", on_ui_interaction, ("wait", "fail"))
        self.stop_at_pause = on_ui_interaction == "fail"
