"""Refold (formerly Cobalt)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar, Literal

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.links import ExecutionLink
from airflow_workflow_providers.operators.base import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.checks import conn_id, flag, one_of
from airflow_workflow_providers.operators.stop import StopExecutionOperator
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger


class RefoldExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Start a published Refold workflow for a linked account, and wait for its end.

    The call is "Execute Workflow" of Refold's API reference, https://docs.refold.ai/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded``, ``partial`` or, without a
    wait, ``running``; ``status`` is Refold's word; ``output`` is what the workflow's Response node answered, or
    ``None``. The id is in XCom under ``execution_id`` as soon as Refold has answered, before any wait.

    :param workflow_id: the id of the published workflow, or its alias (templated).
    :param slug: the slug of the application that the workflow belongs to (templated).
    :param payload: the input of the workflow, a JSON object; default: ``{}`` (templated).
    :param config_id: the config to run for; default: the linked account's id (templated).
    :param sync_execution: let Refold answer when the run is over, with its output, instead of at once. For short
        runs: Refold's guideline is 30 s to 2 min, and no answer in 10 min is a lost start. The wait is on the worker
        whatever ``deferrable`` says. Not for workflows with a Group node.
    :param instance_tag: a label for the run (templated); default: one that no other run has, ``airflow-...``, by which
        a run can be found whose start was never answered.
    :param include_headers: let Refold repeat the request's headers, without secrets, which the task logs.
    :param wrap_payload: send ``{"payload": payload}``, as Refold's example does; False sends ``payload`` itself as
        the body, as its specification does.
    :param on_partial_failure: what ``TERMINATED`` (a Terminate node ended the run early) and
        ``Partially Successful`` mean for the task: ``"fail"`` or ``"succeed"``.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    :param wait_for_completion: wait for the run. If False, the task ends as soon as the run is started; a
        :class:`~airflow_workflow_providers.sensors.refold.RefoldExecutionSensor` can wait for it elsewhere.
    :param deferrable: wait in the triggerer, without holding a worker; default: ``[operators]
        default_deferrable`` of the Airflow configuration.
    :param poll_interval: seconds, or a timedelta, between two looks at the run; default: ``[workflow_providers]
        poll_interval`` of the Airflow configuration, or 10 s.
    :param timeout: seconds, or a timedelta, that one try of the task waits; default: 24 h. The smaller of it and
        ``execution_timeout`` holds, deferred or not.
    :param on_timeout: what happens to the run then: ``"cancel"`` stops it, ``"leave"`` lets it go on.
    :param on_sigterm: what happens to the run when the worker is told to stop, by a person who ends the task or by
        the machine: ``"cancel"`` or ``"leave"``. With ``"leave"`` a retry takes the run up (Airflow 3.3).
    :param on_lost_start: what a retry does where an earlier try was about to start a run and nobody knows what came of
        it: ``"fail"``, or ``"restart"``, which may start a second one.
    :param on_clear: what a cleared task does: ``"restart"`` stops the run that it had, if that is still going, and
        starts a new one; ``"take_up"`` does what a retry does (Airflow 3.3).
    :param max_inline_output: an output of more bytes of JSON than this is not put into XCom: ``output`` is then
        ``None``, and ``output_omitted`` says its size and how to fetch it; default: 5 MB.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRefused: if Refold refused the start: the workflow is unpublished, or not this account's.
    :raises LostStart: if the answer to the start was lost, so that a run may exist; no retry is made.
    :raises ExecutionFailed: if the run ended without success; with the error of the node that failed.
    :raises ExecutionStopped: if the run was stopped.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    template_fields = (
        "workflow_id",
        "slug",
        "payload",
        "config_id",
        "instance_tag",
        "refold_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json"}
    operator_extra_links = (ExecutionLink(),)
    hook_class = RefoldHook
    trigger_class = RefoldExecutionTrigger

    def __init__(
        self,
        *,
        workflow_id: str,
        slug: str,
        payload: dict[str, Any] | None = None,
        config_id: str | None = None,
        sync_execution: bool = False,
        instance_tag: str | None = None,
        include_headers: bool = False,
        wrap_payload: bool = True,
        on_partial_failure: Literal["fail", "succeed"] = "fail",
        refold_conn_id: str = "refold_default",
        wait_for_completion: bool = True,
        deferrable: bool = DEFERRABLE,
        poll_interval: float | timedelta = POLL_INTERVAL,
        timeout: float | timedelta = timedelta(hours=24),
        on_timeout: Literal["cancel", "leave"] = "cancel",
        on_sigterm: Literal["cancel", "leave"] = "cancel",
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
            on_timeout=on_timeout,
            on_sigterm=on_sigterm,
            on_lost_start=on_lost_start,
            on_clear=on_clear,
            max_inline_output=max_inline_output,
            **kwargs,
        )
        self.workflow_id = workflow_id
        self.slug = slug
        self.payload = payload
        self.config_id = config_id
        self.sync_execution = flag("sync_execution", sync_execution)
        self.instance_tag = instance_tag
        self.shows_nonce = instance_tag is None
        self.include_headers = include_headers
        self.wrap_payload = wrap_payload
        self.on_partial_failure = on_partial_failure
        self.refold_conn_id = refold_conn_id
        conn_id("refold_conn_id", refold_conn_id)
        one_of("on_partial_failure", on_partial_failure, ("fail", "succeed"))
        if sync_execution and not wait_for_completion:
            raise InvalidInput(
                "sync_execution=True and wait_for_completion=False exclude each other: a synchronous run answers "
                "when it is over."
            )
        self.refuse_early()

    @property
    def run_label(self) -> str:  # type: ignore[override]  # a template is rendered after the operator was made
        """What the author has labelled the run with."""
        return self.instance_tag or ""

    def start_call(self, limit: float) -> Call[Execution]:
        """
        Describe the start of the run.

        :param limit: seconds until the deadline; for a synchronous run, which is waited for no longer than 10 min.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        return api.execute_workflow(
            self.workflow_id,
            slug=self.slug,
            payload=self.payload,
            config_id=self.config_id,
            sync_execution=self.sync_execution,
            instance_tag=(self.nonce or None) if self.instance_tag is None else self.instance_tag,
            include_headers=self.include_headers,
            wrap_payload=self.wrap_payload,
            limit=limit,
        )


class RefoldStopExecutionOperator(StopExecutionOperator):
    """
    Stop a Refold execution: as a teardown, or when another task has decided that it is no longer wanted.

    The call is "Stop Execution" of Refold's API reference, https://docs.refold.ai/. An execution that is over
    already is left as it is. The task returns the same record as
    :class:`RefoldExecuteWorkflowOperator`, without the output.

    :param execution_id: the execution (templated). Where no run was started, so that this renders to nothing, the
        task is skipped: a teardown then has nothing to do.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    :param wait_for_completion: wait until the execution is over; default: True.
    :param poll_interval: seconds, or a timedelta, between two looks at it; default: 5 s.
    :param timeout: seconds, or a timedelta, until it must be over; default: 5 min.
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises ExecutionTimedOut: if it was not over in time.
    """

    template_fields = ("execution_id", "refold_conn_id")
    hook_class = RefoldHook

    def __init__(
        self,
        *,
        execution_id: str,
        refold_conn_id: str = "refold_default",
        wait_for_completion: bool = True,
        poll_interval: float | timedelta = 5.0,
        timeout: float | timedelta = timedelta(minutes=5),
        **kwargs: Any,
    ) -> None:
        super().__init__(
            execution_id=execution_id,
            wait_for_completion=wait_for_completion,
            poll_interval=poll_interval,
            timeout=timeout,
            **kwargs,
        )
        self.execution_id = execution_id
        self.refold_conn_id = refold_conn_id
        conn_id("refold_conn_id", refold_conn_id)
