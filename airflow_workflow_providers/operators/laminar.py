"""Laminar (now Minicor)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_workflow_providers.apis import laminar as api
from airflow_workflow_providers.apis import laminar_jobs
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.hooks.laminar import LaminarHook, LaminarJobHook
from airflow_workflow_providers.operators.base import CANNOT_STOP, ExecuteWorkflowOperator
from airflow_workflow_providers.operators.checks import conn_id, one_of
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL
from airflow_workflow_providers.triggers.laminar import LaminarJobExecutionTrigger

if TYPE_CHECKING:
    pass


class LaminarExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Run a Laminar workflow: one call, which answers when the run is over.

    The call is "Execute Workflow (External)" of https://docs.laminar.run/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``output`` is what the workflow has answered, JSON of any
    type or text; ``status`` is the HTTP status, which the workflow may choose, though 401, 403, 404 and 429 are taken for
    Laminar's own: a workflow that answers 429 is run again. ``execution_id`` and ``url`` are ``None``, for such a run has
    no id: it cannot be looked at, taken up by a retry, or stopped. So the wait is on the worker, and the parameters that
    say how to wait are refused. For work that takes long, see :class:`LaminarRunJobOperator`.

    :param workflow_id: the workflow (templated).
    :param payload: the input of the workflow: JSON of any type; default: none (templated).
    :param configuration_id: the configuration store to run with (templated).
    :param response_type: as Laminar documents it; default: Laminar's, ``json``.
    :param start_from_step: the first step to run, from 1.
    :param end_at_step: the last step to run; the same as ``start_from_step`` runs that one alone.
    :param callback_url: an address to which Laminar posts events as the run goes on. It is not templated, so that it is
        not shown among the rendered fields: it may hold a secret.
    :param laminar_conn_id: the connection, of type ``laminar`` (templated).
    :param timeout: seconds, or a timedelta, until the answer must be there; default: 1 h. The smaller of it and
        ``execution_timeout`` holds. An answer that comes later is lost, and the run may go on.
    :param on_lost_start: what a retry does where an earlier try was about to start a run and nobody knows what came of
        it: ``"fail"``, or ``"restart"``, which may start a second one.
    :param max_inline_output: an output of more bytes of JSON than this is not put into XCom; it cannot be fetched
        again; default: 5 MB.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises LostStart: if no answer came, or none that makes sense, so that a run may be going; no retry is made.
    :raises ExecutionFailed: if the run failed (HTTP 400, or another 4xx), with what it said.
    """

    template_fields = ("workflow_id", "payload", "configuration_id", "laminar_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json"}
    hook_class = LaminarHook
    unsupported = CANNOT_STOP | {"wait_for_completion", "deferrable", "poll_interval", "on_clear"}

    def __init__(
        self,
        *,
        workflow_id: int | str,
        payload: Any = None,
        configuration_id: str | None = None,
        response_type: str | None = None,
        start_from_step: int | None = None,
        end_at_step: int | None = None,
        callback_url: str | None = None,
        laminar_conn_id: str = "laminar_default",
        timeout: float | timedelta = timedelta(hours=1),
        on_lost_start: Literal["fail", "restart"] = "fail",
        max_inline_output: int = 5_000_000,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            timeout=timeout,
            on_lost_start=on_lost_start,
            max_inline_output=max_inline_output,
            **kwargs,
        )
        self.workflow_id = workflow_id
        self.payload = payload
        self.configuration_id = configuration_id
        self.response_type = response_type
        self.start_from_step = start_from_step
        self.end_at_step = end_at_step
        self.callback_url = callback_url
        self.laminar_conn_id = laminar_conn_id
        conn_id("laminar_conn_id", laminar_conn_id)
        self.refuse_early()

    def start_call(self, limit: float) -> Call[Execution]:
        """
        Describe the run.

        :param limit: seconds until the answer must be there.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        return api.execute_workflow(
            self.workflow_id,
            payload=self.payload,
            configuration_id=self.configuration_id,
            response_type=self.response_type,
            start_from_step=self.start_from_step,
            end_at_step=self.end_at_step,
            callback_url=self.callback_url,
            limit=limit,
        )

    def _how_to_fetch(self, execution: Execution) -> str:  # noqa: ARG002  # the base asks for every run
        return "It cannot be fetched again: such a run has no id."


class LaminarRunJobOperator(ExecuteWorkflowOperator):
    """
    Start a Laminar job behind its trigger URL, and wait for its end.

    The calls are those of "Calling jobs" in Laminar's platform documentation, with ``?async=1``. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``status`` is Laminar's word, ``output`` the job's. The id
    is in XCom under ``execution_id`` as soon as Laminar has answered. Laminar has no way to stop a job.

    :param job_path: the job's path below the trigger URL (templated).
    :param payload: the job's input, a JSON object; default: none (templated).
    :param query: query parameters, which are input too; the payload wins (templated).
    :param method: the HTTP method of the job; default: ``POST``.
    :param on_partial_failure: what a job that succeeded in part means for the task: ``"fail"`` or ``"succeed"``.
    :param laminar_conn_id: the connection, of type ``laminar``, with ``trigger_url`` and ``trigger_api_key`` (templated).
    :param wait_for_completion: wait for the job. If False, the task ends as soon as it is started; a
        :class:`~airflow_workflow_providers.sensors.laminar.LaminarJobExecutionSensor` can wait for it elsewhere.
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
    :raises RequestRefused: if there is no such job.
    :raises LostStart: if the answer to the start was lost, so that a job may be going; no retry is made.
    :raises ExecutionFailed: if the job ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the job goes on.
    """

    template_fields = ("job_path", "payload", "query", "laminar_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json", "query": "json"}
    hook_class = LaminarJobHook
    unsupported = CANNOT_STOP
    trigger_class = LaminarJobExecutionTrigger

    def __init__(
        self,
        *,
        job_path: str,
        payload: dict[str, Any] | None = None,
        query: dict[str, str] | None = None,
        method: str = "POST",
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        laminar_conn_id: str = "laminar_default",
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
        self.job_path = job_path
        self.payload = payload
        self.query = query
        self.method = method
        self.on_partial_failure = on_partial_failure
        self.laminar_conn_id = laminar_conn_id
        conn_id("laminar_conn_id", laminar_conn_id)
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
        self.refuse_early()

    def start_call(self, limit: float) -> Call[Execution]:  # noqa: ARG002  # a start is answered at once
        """
        Describe the start of the job.

        :param limit: not used: a start is answered at once.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        return laminar_jobs.run_job(self.job_path, method=self.method, payload=self.payload, query=self.query)
