"""Datalab."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Literal

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.operators.base import CANNOT_STOP, ExecuteWorkflowOperator
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL
from airflow_workflow_providers.triggers.datalab import DatalabExecutionTrigger


class DatalabExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Execute a Datalab workflow over one file or many, and wait for its end.

    The call is "Execute Workflow" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded``, ``partial`` or, without a
    wait, ``running``; ``status`` is Datalab's word; ``output`` is, for each step and file, ``{"status", "error"}``.
    The id is in XCom under ``execution_id`` as soon as Datalab has answered. Datalab has no way to stop an execution.

    :param workflow_id: the workflow's number (templated).
    :param input_config: what it reads, passed on as it is (templated):
        ``{"type": "single_file", "file_url": ...}``, ``{"type": "file_list", "file_urls": [...]}``, or as the
        vendor's own client has it ``{"file_urls": [...]}`` or ``{"bucket", "prefix", "pattern", "storage_type"}``.
        Default: none is sent.
    :param on_partial_failure: what an execution that completed although files failed, or steps were left undone,
        means for the task: ``"fail"``, with the names of step and file, or ``"succeed"``.
    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    :param wait_for_completion: wait for the execution. If False, the task ends as soon as it is started; a
        :class:`~airflow_workflow_providers.sensors.datalab.DatalabExecutionSensor` can wait for it elsewhere.
    :param deferrable: wait in the triggerer, without holding a worker; default: ``[operators]
        default_deferrable`` of the Airflow configuration.
    :param poll_interval: seconds, or a timedelta, between two looks; default: ``[workflow_providers] poll_interval``
        of the Airflow configuration, or 10 s.
    :param timeout: seconds, or a timedelta, that one try of the task waits; default: 24 h. The smaller of it and
        ``execution_timeout`` holds, deferred or not.
    :param on_lost_start: what a retry does where an earlier try was about to start a run and nobody knows what came of
        it: ``"fail"``, or ``"restart"``, which may start a second one.
    :param on_clear: what a cleared task does: ``"restart"`` starts a new run, ``"take_up"`` does what a retry does
        (Airflow 3.3).
    :param max_inline_output: an output of more bytes of JSON than this is not put into XCom: ``output`` is then
        ``None``, and ``output_omitted`` says its size and how to fetch it; default: 5 MB.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRefused: if Datalab refused the start.
    :raises LostStart: if the answer to the start was lost, so that an execution may exist; no retry is made.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("workflow_id", "input_config", "datalab_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"input_config": "json"}
    stand_ins: ClassVar[dict[str, Any]] = {"workflow_id": 1}
    hook_class = DatalabHook
    unsupported = CANNOT_STOP
    trigger_class = DatalabExecutionTrigger

    def __init__(
        self,
        *,
        workflow_id: int | str,
        input_config: dict[str, Any] | None = None,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        datalab_conn_id: str = "datalab_default",
        wait_for_completion: bool = True,
        deferrable: bool = DEFERRABLE,
        poll_interval: float | timedelta = POLL_INTERVAL,
        timeout: float | timedelta = timedelta(hours=24),
        on_lost_start: Literal["fail", "restart"] = "fail",
        on_clear: Literal["restart", "take_up"] = "restart",
        max_inline_output: int = 5_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            wait_for_completion=wait_for_completion,
            deferrable=deferrable,
            poll_interval=poll_interval,
            timeout=timeout,
            on_lost_start=on_lost_start,
            on_clear=on_clear,
            max_inline_output=max_inline_output,
            **kwargs,
        )
        self.workflow_id = workflow_id
        self.input_config = input_config
        self.on_partial_failure = on_partial_failure
        self.datalab_conn_id = datalab_conn_id
        conn_id("datalab_conn_id", datalab_conn_id)
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
        self.refuse_early()

    def start_call(self, limit: float) -> Call[Execution]:  # noqa: ARG002  # a start is answered at once
        """
        Describe the start of the execution.

        :param limit: not used: a start is answered at once.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        return api.execute_workflow(self.workflow_id, input_config=self.input_config)
