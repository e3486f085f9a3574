"""Altostrat SDX."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar, Literal

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.apis import altostrat_starts
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.parameters import flag, one_of, text
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.start import StartOperator
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.triggers.altostrat import AltostratBatchTrigger, AltostratExecutionTrigger


class AltostratExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Execute an Altostrat workflow, and wait for the end of its run.

    The request is "Execute a workflow" of Altostrat's API reference, https://altostrat.io/docs/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded`` or, without a wait,
    ``queued``, ``running`` or ``paused``; ``status`` is Altostrat's; ``output`` is that of the last entry of the
    run's log, or ``None``. Altostrat cannot stop a run, and ends one by itself after an hour.

    :param workflow_id: the workflow's id, ``fl_...`` (templated).
    :param context: initial data for the workflow's trigger node, a JSON object; default: none (templated).
    :param nonce_key: a key of your choice in ``context``, under which each start carries a text that no other start has.
        With it, a run can be found although the response to its start was lost, if Altostrat shows the context of a run;
        without it, such a start is lost. It does not count as input. Default: no such key.
    :param return_log: return every entry of the run's log, in order, as Altostrat describes it: ``node_id``, ``status``,
        ``output``; False returns the output of the last entry.
    :param log_entries: write each entry of the run's log to the log of the task, with the first 200 characters of its output,
        as soon as a status check has seen it. This needs no request of its own. But Altostrat's list shows no entries, so in
        the triggerer it does not replace the status checks of this wait. If the triggerer changes during the wait, entries can
        be written twice. Default: False.
    :param on_ui_interaction: what happens when the run waits for a person (``awaiting_ui_interaction``): ``"wait"``
        continues the wait and logs it, ``"fail"`` fails the task.
    :param required_action: show such a run under *Required Actions* of Airflow as well, where a person can give it up; Altostrat
        is still asked for its status, and what was shown is closed when the run goes on. It needs Airflow 3.3 and
        ``deferrable=True``; without these, and with ``on_ui_interaction="fail"``, it does nothing. Default: True.
    :param on_failed_run: what a retry does after a run that failed (Airflow 3.3): ``"resubmit"`` submits a new one; ``"rerun"`` lets
        Altostrat run it again, with the payload that it had; ``"resume"`` lets Altostrat continue it after the last node that
        has succeeded, and submits a new one if none has. If the input has changed, a new run is submitted.
    :param altostrat_conn_id: the connection, of type ``altostrat`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if Altostrat rejected the start.
    :raises LostStart: if the response to the start was lost, so that a run may exist; there is no retry.
    :raises ExecutionFailed: if the run ended without success.
    :raises ExecutionGivenUp: if a person has given it up under *Required Actions*; the run goes on, and there is no retry.
    :raises ExecutionTimedOut: if the deadline came first; the run goes on.
    """

    template_fields = ("workflow_id", "context", "altostrat_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"context": "json"}
    hook_class = AltostratHook
    payload_field = "context"
    start_request = staticmethod(api.execute_workflow)
    trigger_class = AltostratExecutionTrigger
    listed_by = "workflow_id"

    def __init__(
        self,
        *,
        workflow_id: str,
        context: dict[str, Any] | None = None,
        nonce_key: str | None = None,
        return_log: bool = False,
        log_entries: bool = False,
        on_ui_interaction: Literal["wait", "fail"] = "wait",
        required_action: bool = True,
        on_failed_run: Literal["resubmit", "rerun", "resume"] = "resubmit",
        altostrat_conn_id: str = "altostrat_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.context = context
        self.nonce_key = None if nonce_key is None else text("nonce_key", nonce_key)
        self.sends_nonce = nonce_key is not None
        self.return_log = flag("return_log", return_log)
        self.log_entries = flag("log_entries", log_entries)
        self.on_ui_interaction = one_of("on_ui_interaction", on_ui_interaction, ("wait", "fail"))
        self.on_failed_run = one_of("on_failed_run", on_failed_run, ("resubmit", "rerun", "resume"))
        self.stop_at_pause = on_ui_interaction == "fail"
        self.required_action = flag("required_action", required_action)
        self.altostrat_conn_id = conn_id("altostrat_conn_id", altostrat_conn_id)
        self.validate_at_parse()

    @property
    def continued_states(self) -> frozenset[State]:  # type: ignore[override]  # it depends on a parameter
        """The states of a run that Altostrat is asked to run again, or to continue."""
        return frozenset() if self.on_failed_run == "resubmit" else frozenset({State.FAILED})

    def build_again_request(self, old: Execution, earlier: Mapping[str, str]) -> Request[Execution] | None:
        """
        Build the request that lets Altostrat run a run again, or continue it.

        :param old: the run.
        :param earlier: from where ``old`` was continued itself, if it was.
        :return: the start of the new run; ``None`` if it is to be continued, and none of its nodes has succeeded.
        """
        execution_id = str(old.execution_id)
        if self.on_failed_run == "rerun":
            return altostrat_starts.rerun_run(execution_id)
        succeeded = [entry.get("node_id") for entry in old.details or () if entry.get("status") == "success"]
        # What is no id cannot be one: the log may be anything.
        node_id = next((node for node in reversed(succeeded) if isinstance(node, str) and node), None)
        if node_id is not None:
            return altostrat_starts.resume_run(execution_id, node_id)
        if "node_id" in earlier:
            # It has come no further than the run before, which is continued once more.
            return altostrat_starts.resume_run(earlier["resumed_from"], earlier["node_id"])
        return None

    def start_parameters(self, timeout: float) -> dict[str, Any]:
        """
        Return the arguments of :attr:`start_request`, with the nonce under the author's key.

        :param timeout: not used: Altostrat responds at once.
        :return: an argument for each parameter.
        """
        nonce = {self.nonce_key: self.nonce} if self.nonce_key else None
        return {**super().start_parameters(timeout), "nonce": nonce}

    def select_output(self, execution: Execution) -> Execution:
        """
        Return the run with its whole log as its output, if the author wants that.

        :param execution: the run, with the output of the last entry of its log.
        :return: with ``return_log`` the run with every entry of its log; else the same.
        """
        return replace(execution, output=execution.details) if self.return_log else execution


class AltostratExecuteWorkflowSyncOperator(StartOperator):
    """
    Run an Altostrat workflow that has a synchronous trigger: one request, whose response comes when the run is over.

    The request is "Execute a synchronous workflow" of Altostrat's API reference, https://altostrat.io/docs/. Altostrat ends such
    a run after 30 s. The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``output`` is the response of the
    last node, JSON of any type or text; ``status`` is the HTTP status. ``execution_id`` and ``url`` are ``None``, because
    Altostrat returns no id: such a run cannot be polled, or reattached to by a retry. So the task waits on the worker, and has
    no parameters for a wait. For longer work, see :class:`AltostratExecuteWorkflowOperator`.

    :param workflow_id: the workflow's id, ``fl_...`` (templated).
    :param payload: the input of the workflow, a JSON object; default: ``{}`` (templated).
    :param altostrat_conn_id: the connection, of type ``altostrat`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if Altostrat rejected the start: the workflow has no synchronous trigger.
    :raises LostStart: if there was no response within 35 s or it was lost, so that a run may be going; there is no retry. Also if
        the run failed: Altostrat documents no response that tells this from a failure of its own.
    """

    template_fields = ("workflow_id", "payload", "altostrat_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json"}
    hook_class = AltostratHook
    payload_field = "payload"
    start_request = staticmethod(altostrat_starts.execute_workflow_sync)

    def __init__(
        self,
        *,
        workflow_id: str,
        payload: dict[str, Any] | None = None,
        altostrat_conn_id: str = "altostrat_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.payload = payload
        self.altostrat_conn_id = conn_id("altostrat_conn_id", altostrat_conn_id)
        self.validate_at_parse()


class AltostratExecuteWorkflowBatchOperator(BatchOperator, AltostratExecuteWorkflowOperator):
    """
    Execute an Altostrat workflow for each of many inputs, in one task.

    The parameters of :class:`AltostratExecuteWorkflowOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = AltostratBatchTrigger
