"""PromptLayer."""

from typing import Any, ClassVar, cast

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import flag
from airflow_workflow_providers.hooks.promptlayer import PromptLayerHook
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.triggers.promptlayer import (
    PromptLayerBatchTrigger,
    PromptLayerExecutionTrigger,
)


class PromptLayerExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Run a PromptLayer workflow, and wait for its results.

    The requests are "Run Workflow" and "Get Workflow Version Execution Results" of PromptLayer's API reference,
    https://docs.promptlayer.com/. The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``state``
    is ``succeeded`` or, without a wait, ``running``; ``status`` is that of a node, because an execution has none;
    ``output`` is the value of the output node that succeeded, or every node's. An execution has succeeded if an output
    node has. PromptLayer's warning about variables is in the task's log. PromptLayer cannot stop an execution.

    :param workflow_name: the workflow's name, or its number (templated).
    :param workflow_label_name: run the version with this label (templated).
    :param workflow_version_number: run this version. It and the label exclude each other; without either the latest
        version runs.
    :param input_variables: the variables that the workflow needs, a JSON object; default: ``{}`` (templated).
    :param metadata: names and texts to keep with the execution (templated). With ``send_origin`` there are also
        ``airflow_dag_id``, ``airflow_run_id``, ``airflow_task_id`` and the like, and ``airflow_start``, which no other start has.
    :param return_all_outputs: return every node as ``{"status", "value", "error_message", "is_output_node"}`` by its
        name; False returns the value of the output node that succeeded.
    :param callback_url: an address to which PromptLayer posts the results too. It is not templated, so that it is not
        shown among the rendered fields: it may hold a secret.
    :param validate_input: before a start, read the version of the workflow, and fail with the names if ``input_variables`` lacks
        one that it requires; of a batch before its first start. PromptLayer itself only warns, and executes the workflow.
    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if PromptLayer rejected the start.
    :raises LostStart: if the response to the start was lost, so that an execution may exist; there is no retry.
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
    payload_field = "input_variables"
    start_request = staticmethod(api.run_workflow)
    workflow_field = "workflow_name"
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
        validate_input: bool = False,
        promptlayer_conn_id: str = "promptlayer_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow_name = workflow_name
        self.workflow_label_name = workflow_label_name
        self.workflow_version_number = workflow_version_number
        self.input_variables = input_variables
        self.metadata = metadata
        self.return_all_outputs = return_all_outputs
        self.callback_url = callback_url
        self.validate_input = flag("validate_input", validate_input)
        self.promptlayer_conn_id = conn_id("promptlayer_conn_id", promptlayer_conn_id)
        self.validate_at_parse()

    @property
    def run_label(self) -> str:
        """The nonce: PromptLayer shows it in the metadata."""
        return self.nonce if self.send_origin else ""

    def start_parameters(self, timeout: float) -> dict[str, Any]:
        """
        Return the arguments of :attr:`start_request`, with the origin and the nonce among the metadata.

        :param timeout: not used: PromptLayer responds at once.
        :return: an argument for each parameter.
        """
        given = super().start_parameters(timeout)
        if (origin := self.origin) and isinstance(self.metadata, (dict, type(None))):
            labels = {**origin, "start": self.nonce}
            # What the author calls the same is the author's.
            given["metadata"] = {
                **{f"airflow_{name}": value for name, value in labels.items()},
                **(self.metadata or {}),
            }
        return given

    def check_input(self) -> None:
        """
        Check the input variables against the version of the workflow, with ``validate_input``.

        :raises InvalidInput: if one is missing; nothing was started.
        :raises WorkflowError: if the version cannot be read; nothing was started.
        """
        if self.validate_input:
            cast("PromptLayerHook", self.hook).check_input_variables(
                self.workflow_name,
                self.start_parameters(1.0)["input_variables"] or {},
                version=self.workflow_version_number,
                label=self.workflow_label_name,
            )

    def select_output(self, execution: Execution) -> Execution:
        """
        Return the execution with the final output alone, unless the author wants all.

        :param execution: the execution, with every node as its output.
        :return: with ``return_all_outputs`` the same; else with the value of the first output node that succeeded.
        """
        return execution if self.return_all_outputs else api.final_output(execution)


class PromptLayerExecuteWorkflowBatchOperator(BatchOperator, PromptLayerExecuteWorkflowOperator):
    """
    Execute a PromptLayer workflow for each of many inputs, in one task.

    The parameters of :class:`PromptLayerExecuteWorkflowOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = PromptLayerBatchTrigger
