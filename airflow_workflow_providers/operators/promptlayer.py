"""PromptLayer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, ClassVar, Literal

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.operators.base import CANNOT_STOP, ExecuteWorkflowOperator
from airflow_workflow_providers.operators.checks import conn_id
from airflow_workflow_providers.settings import DEFERRABLE, POLL_INTERVAL
from airflow_workflow_providers.triggers.promptlayer import PromptLayerExecutionTrigger


class PromptLayerExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Run a PromptLayer workflow, and wait for its results.

    The calls are "Run Workflow" and "Get Workflow Version Execution Results" of PromptLayer's API reference,
    https://docs.promptlayer.com/. The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``state``
    is ``succeeded`` or, without a wait, ``running``; ``status`` is the word of a node, for an execution has none;
    ``output`` is the value of the output node that succeeded, or every node's. An execution has succeeded if an output
    node has. The id is in XCom under ``execution_id`` as soon as PromptLayer has answered, and a warning about
    variables in the task's log. PromptLayer has no way to stop an execution.

    :param workflow_name: the workflow's name, or its number (templated).
    :param workflow_label_name: run the version with this label (templated).
    :param workflow_version_number: run this version. It and the label exclude each other; without either the latest
        version runs.
    :param input_variables: the variables that the workflow needs, a JSON object; default: ``{}`` (templated).
    :param metadata: names and texts to keep with the execution (templated).
    :param return_all_outputs: return every node as ``{"status", "value", "error_message", "is_output_node"}`` by its
        name; False returns the value of the output node that succeeded.
    :param callback_url: an address to which PromptLayer posts the results too. It is not templated, so that it is not
        shown among the rendered fields: it may hold a secret.
    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    :param wait_for_completion: wait for the results. If False, the task ends as soon as the execution is started; a
        :class:`~airflow_workflow_providers.sensors.promptlayer.PromptLayerExecutionSensor` can wait elsewhere.
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
    :raises RequestRefused: if PromptLayer refused the start.
    :raises LostStart: if the answer to the start was lost, so that an execution may exist; no retry is made.
    :raises ExecutionFailed: if no output node succeeded; with the messages of the nodes that failed.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = (
        "workflow_name",
        "workflow_label_name",
        "input_variables",
        "metadata",
        "promptlayer_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"input_variables": "json", "metadata": "json"}
    hook_class = PromptLayerHook
    unsupported = CANNOT_STOP
    trigger_class = PromptLayerExecutionTrigger

    def __init__(
        self,
        *,
        workflow_name: str | int,
        workflow_label_name: str | None = None,
        workflow_version_number: int | None = None,
        input_variables: dict[str, Any] | None = None,
        metadata: dict[str, str] | None = None,
        return_all_outputs: bool = False,
        callback_url: str | None = None,
        promptlayer_conn_id: str = "promptlayer_default",
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
        self.workflow_name = workflow_name
        self.workflow_label_name = workflow_label_name
        self.workflow_version_number = workflow_version_number
        self.input_variables = input_variables
        self.metadata = metadata
        self.return_all_outputs = return_all_outputs
        self.callback_url = callback_url
        self.promptlayer_conn_id = promptlayer_conn_id
        conn_id("promptlayer_conn_id", promptlayer_conn_id)
        self.refuse_early()

    def start_call(self, limit: float) -> Call[Execution]:  # noqa: ARG002  # a start is answered at once
        """
        Describe the start of the execution.

        :param limit: not used: a start is answered at once.
        :return: the call, not sent.
        :raises InvalidInput: if a parameter is wrong; it is named.
        """
        return api.run_workflow(
            self.workflow_name,
            workflow_label_name=self.workflow_label_name,
            workflow_version_number=self.workflow_version_number,
            input_variables=self.input_variables,
            metadata=self.metadata,
            return_all_outputs=self.return_all_outputs,
            callback_url=self.callback_url,
        )

    def shape(self, execution: Execution) -> Execution:
        """
        Return the execution with the final output alone, unless all were asked for.

        :param execution: the execution, with every node as its output.
        :return: with ``return_all_outputs`` the same; else with the value of the first output node that succeeded, or
            ``None`` if none has.
        """
        if self.return_all_outputs:
            return execution
        return replace(execution, output=api.final_output(execution.output))
