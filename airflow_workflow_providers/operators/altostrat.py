"""Altostrat SDX."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Literal

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.operators.base import CANNOT_STOP, ExecuteWorkflowOperator
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL
from airflow_workflow_providers.triggers.altostrat import AltostratExecutionTrigger


class AltostratExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Execute an Altostrat workflow, and wait for the end of its run.

    The call is "Execute a workflow" of Altostrat's API reference, https://altostrat.io/docs/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded`` or, without a wait,
    ``queued``, ``running`` or ``paused``; ``status`` is Altostrat's word; ``output`` is that of the last entry of the
    run's log, or ``None``. The id is in XCom under ``execution_id`` as soon as Altostrat has answered. Altostrat has no
    way to stop a run, and ends one by itself after an hour.

    :param workflow_id: the workflow's id, ``fl_...`` (templated).
    :param context: initial data for the workflow's trigger node, a JSON object; default: none (templated).
    :param nonce_key: a key of your choice in ``context``, under which each start carries a text that no other start has.
        With it, a run whose start has lost its answer can be found again, if Altostrat shows the context of a run; without
        it, such a start is lost. It does not count as input. Default: no such key.
    :param on_ui_interaction: what happens when the run waits for a person (``awaiting_ui_interaction``): ``"wait"``
        goes on waiting and says so in the log, ``"fail"`` fails the task.
    :param altostrat_conn_id: the connection, of type ``altostrat`` (templated).
    :param wait_for_completion: wait for the run. If False, the task ends as soon as it is started; an
        :class:`~airflow_workflow_providers.sensors.altostrat.AltostratExecutionSensor` can wait for it elsewhere.
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
    :raises RequestRefused: if Altostrat refused the start.
    :raises LostStart: if the answer to the start was lost, so that a run may exist; no retry is made.
    :raises ExecutionFailed: if the run ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the run goes on.
    """

    template_fields = ("workflow_id", "context", "altostrat_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"context": "json"}
    hook_class = AltostratHook
    unsupported = CANNOT_STOP
    trigger_class = AltostratExecutionTrigger

    def __init__(
        self,
        *,
        workflow_id: str,
        context: dict[str, Any] | None = None,
        nonce_key: str | None = None,
        on_ui_interaction: Literal["wait", "fail"] = "wait",
        altostrat_conn_id: str = "altostrat_default",
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
        self.context = context
        self.nonce_key = None if nonce_key is None else text("nonce_key", nonce_key)
        self.shows_nonce = nonce_key is not None
        self.on_ui_interaction = on_ui_interaction
        self.altostrat_conn_id = altostrat_conn_id
        conn_id("altostrat_conn_id", altostrat_conn_id)
        one_of("on_ui_interaction", on_ui_interaction, ("wait", "fail"))
        self.stop_at_pause = on_ui_interaction == "fail"
        self.refuse_early()

    def start_call(self, limit: float) -> Call[Execution]:  # noqa: ARG002  # a start is answered at once
        """
        Describe the start of the run.

        :param limit: not used: a start is answered at once.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        nonce = {self.nonce_key: self.nonce} if self.nonce_key else None
        return api.execute_workflow(self.workflow_id, context=self.context, nonce=nonce)
