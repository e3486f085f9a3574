"""Refold (formerly Cobalt)."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution, State
from airflow_workflow_providers.core.parameters import flag, one_of
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.origin import origin_text
from airflow_workflow_providers.operators.stop import StopExecutionOperator
from airflow_workflow_providers.operators.validation import account, conn_id
from airflow_workflow_providers.triggers.refold import RefoldBatchTrigger, RefoldExecutionTrigger


class RefoldExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Start a published Refold workflow for a linked account, and wait for its end.

    The request is "Execute Workflow" of Refold's API reference, https://docs.refold.ai/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded``, ``partial`` or, without a
    wait, ``running``; ``status`` is Refold's; ``output`` is that of the workflow's Response node. If a run has ended without
    failure and no output was found, ``output`` is ``None``, and ``output_missing`` says where it was searched for.
    ``TERMINATED`` (a Terminate node ended the run early) and ``Partially Successful`` are ``partial``.

    :param workflow_id: the id of the published workflow, or its alias (templated).
    :param slug: the slug of the application that the workflow belongs to (templated).
    :param payload: the input of the workflow, a JSON object; default: ``{}`` (templated).
    :param config_id: the config to run for; default: the linked account's id (templated).
    :param sync_execution: let Refold respond when the run is over, with its output, instead of at once. For short
        runs: Refold's guideline is 30 s to 2 min, and without a response in 10 min the start is lost. The task waits on the
        worker, even with ``deferrable``. Not for workflows with a Group node.
    :param instance_tag: a label for the run (templated); default: one that no other run has, ``airflow-...``, by which
        a run can be found if the response to its start was lost, and with ``send_origin`` which task has started it.
    :param include_headers: let Refold repeat the request's headers, without secrets, which the task logs.
    :param wrap_payload: send ``{"payload": payload}``, as the page "Execute Workflow" shows it. Default: ``payload`` itself is
        the body, as Refold's specification, its guide and its own clients have it.
    :param validate_input: before a start, read what the workflow expects, and fail with the names of the fields if ``payload``
        does not fit. Refold checks it too; this finds it before anything is sent, of a batch before its first start.
    :param on_failed_run: what a retry does after a run that failed or was stopped (Airflow 3.3): ``"resubmit"`` submits a new
        one; ``"rerun"`` lets Refold run it again, with the payload that it had. If the input has changed, a new run is submitted.
    :param required_action: show a run with a *Human Intervention* node (*Human Task* in older workflows) that waits for a person under
        *Required Actions* of Airflow, where a person can give it up; what was shown is closed when the run goes on. It needs
        Airflow 3.3 and ``deferrable=True``; without these, only the log says that the run waits for a person. Each status check then
        reads the nodes of the run. Refold's list has none, so in the triggerer it does not replace the status checks of this
        wait. Default: False, and such a run is ``running``.
    :param require_output: fail if the run has ended without failure and no output was found. The end of such a run is no
        reason to run it again, so a retry reads it once more (Airflow 3.3). ``null`` is no output.
    :param linked_account_id: the linked account to act for (templated); default: that of the connection. A connection with
        a token cannot have another account than the token's.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if Refold rejected the start: the workflow is unpublished, or another account's.
    :raises LostStart: if the response to the start was lost, so that a run may exist; there is no retry.
    :raises ExecutionFailed: if the run ended without success; with the error of the node that failed. Also if it has no
        output, with ``require_output``.
    :raises ExecutionStopped: if the run was stopped.
    :raises ExecutionGivenUp: if a person has given it up under *Required Actions*; the run is stopped, unless
        ``cancel_on_kill`` is False, and there is no retry.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    template_fields = (
        "workflow_id",
        "slug",
        "payload",
        "config_id",
        "instance_tag",
        "linked_account_id",
        "refold_conn_id",
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"payload": "json"}
    hook_class = RefoldHook
    payload_field = "payload"
    start_request = staticmethod(api.execute_workflow)
    trigger_class = RefoldExecutionTrigger
    pause_in_details = True
    what_a_person_does = "submits the form that {vendor} has sent by e-mail"

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
        wrap_payload: bool = False,
        validate_input: bool = False,
        on_failed_run: Literal["resubmit", "rerun"] = "resubmit",
        required_action: bool = False,
        require_output: bool = False,
        linked_account_id: str | None = None,
        refold_conn_id: str = "refold_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.slug = slug
        self.payload = payload
        self.config_id = config_id
        self.sync_execution = flag("sync_execution", sync_execution)
        self.instance_tag = instance_tag
        self.sends_nonce = instance_tag is None
        self.include_headers = include_headers
        self.wrap_payload = wrap_payload
        self.validate_input = flag("validate_input", validate_input)
        self.on_failed_run = one_of("on_failed_run", on_failed_run, ("resubmit", "rerun"))
        self.required_action = flag("required_action", required_action)
        self.require_output = flag("require_output", require_output)
        self.linked_account_id = account(linked_account_id, api.linked_account)
        self.chooses_account = linked_account_id is not None
        self.refold_conn_id = conn_id("refold_conn_id", refold_conn_id)
        if sync_execution and not self.wait_for_completion:
            raise InvalidInput(
                "sync_execution=True and wait_for_completion=False exclude each other: Refold responds to a synchronous run "
                "when it is over."
            )
        if require_output and not self.wait_for_completion:
            raise InvalidInput(
                "require_output=True and wait_for_completion=False exclude each other: without a wait there is no output."
            )
        self.validate_at_parse()

    @property
    def run_label(self) -> str:
        """The author's own label of the run."""
        return self.instance_tag or ""

    @property
    def continued_states(self) -> frozenset[State]:  # type: ignore[override]  # it depends on a parameter
        """The states of a run that Refold is asked to run again."""
        return frozenset({State.FAILED, State.STOPPED}) if self.on_failed_run == "rerun" else frozenset()

    def build_again_request(self, old: Execution, earlier: Mapping[str, str]) -> Request[Execution]:  # noqa: ARG002  # as in the base class
        """
        Build the request that lets Refold run a run again.

        :param old: the run.
        :param earlier: not used.
        :return: the start of the new run.
        """
        return api.rerun_execution(str(old.execution_id))

    def check_input(self) -> None:
        """
        Check the payload against the workflow's request structure, with ``validate_input``.

        :raises InvalidInput: if the payload does not fit; nothing was started.
        :raises WorkflowError: if the request structure cannot be read or used; nothing was started.
        """
        if self.validate_input:
            cast("RefoldHook", self.hook).check_payload(
                self.workflow_id, self.start_parameters(1.0)["payload"] or {}
            )

    def start_parameters(self, timeout: float) -> dict[str, Any]:
        """
        Return the arguments of :attr:`start_request`, with the nonce and the origin as the label if the author has none.

        :param timeout: seconds for a synchronous run.
        :return: an argument for each parameter.
        """
        tag = self.instance_tag
        if tag is None:
            tag = f"{self.nonce} {origin_text(self.origin)}".strip() or None
        return {**super().start_parameters(timeout), "instance_tag": tag}


class RefoldExecuteWorkflowBatchOperator(BatchOperator, RefoldExecuteWorkflowOperator):
    """
    Start a published Refold workflow for each of many inputs, in one task.

    The parameters of :class:`RefoldExecuteWorkflowOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = RefoldBatchTrigger


class RefoldStopExecutionOperator(StopExecutionOperator):
    """
    Stop a Refold execution: as a teardown, or when another task has decided that it is no longer needed.

    The request is "Stop Execution" of Refold's API reference, https://docs.refold.ai/.

    :param linked_account_id: the linked account to act for (templated); default: that of the connection. A connection with
        a token cannot have another account than the token's.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises ExecutionTimedOut: if it has not ended in time.
    """

    template_fields = ("execution_id", "linked_account_id", "refold_conn_id")
    hook_class = RefoldHook

    def __init__(
        self,
        *,
        linked_account_id: str | None = None,
        refold_conn_id: str = "refold_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.linked_account_id = account(linked_account_id, api.linked_account)
        self.chooses_account = linked_account_id is not None
        self.refold_conn_id = conn_id("refold_conn_id", refold_conn_id)
