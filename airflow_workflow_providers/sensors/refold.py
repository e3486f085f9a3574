"""Refold (formerly Cobalt)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

from airflow.providers.common.compat.sdk import conf

from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.checks import POLL_INTERVAL, one_of
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger


class RefoldExecutionSensor(ExecutionSensor):
    """
    Wait for a Refold execution that another task, DAG or person has started.

    The call is "Get Execution" of Refold's API reference, https://docs.refold.ai/. The task returns the same record
    as :class:`~airflow_workflow_providers.operators.refold.RefoldExecuteWorkflowOperator`. A sensor never stops
    an execution.

    :param execution_id: the execution (templated).
    :param on_partial_failure: what ``TERMINATED`` and ``Partially Successful`` mean for the task: ``"fail"`` or
        ``"succeed"``.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    :param deferrable: wait in the triggerer, without holding a worker; default: ``[operators]
        default_deferrable`` of the Airflow configuration.
    :param poke_interval: seconds between two looks; default: ``[workflow_providers] poll_interval`` of the Airflow
        configuration, or 10 s.
    :param timeout: seconds until the sensor gives up; default: 24 h.
    :param max_inline_output: an output of more bytes of JSON than this is not put into XCom; default: 5 MB.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionStopped: if it was stopped.
    :raises SensorTimedOut: if the deadline came first; it is an ``AirflowSensorTimeout`` too.
    """

    template_fields: Sequence[str] = ("execution_id", "refold_conn_id")
    hook_class: ClassVar[type[WorkflowHook]] = RefoldHook
    trigger_class: ClassVar[type[ExecutionTrigger]] = RefoldExecutionTrigger

    def __init__(
        self,
        *,
        execution_id: str,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        refold_conn_id: str = "refold_default",
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        poke_interval: float = POLL_INTERVAL,
        timeout: float = 24 * 60 * 60,
        max_inline_output: int = 5_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            execution_id=execution_id,
            deferrable=deferrable,
            poke_interval=poke_interval,
            timeout=timeout,
            max_inline_output=max_inline_output,
            **kwargs,
        )
        self.execution_id = execution_id
        self.on_partial_failure = on_partial_failure
        self.refold_conn_id = refold_conn_id
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
