"""PromptLayer."""

import time
from collections.abc import Sequence
from typing import Any, ClassVar, cast

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.apis import promptlayer_scorecards, promptlayer_tables
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.http import BuiltRequest
from airflow_workflow_providers.core.parameters import flag
from airflow_workflow_providers.core.request import Request
from airflow_workflow_providers.hooks.promptlayer import (
    PromptLayerHook,
    PromptLayerScorecardHook,
    PromptLayerSheetHook,
)
from airflow_workflow_providers.operators.batch import BatchOperator
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.stop import StopExecutionOperator
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.triggers.promptlayer import (
    PromptLayerBatchTrigger,
    PromptLayerExecutionTrigger,
    PromptLayerScorecardBatchTrigger,
    PromptLayerScorecardExecutionTrigger,
    PromptLayerSheetBatchTrigger,
    PromptLayerSheetExecutionTrigger,
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


class PromptLayerRecalculateSheetOperator(ExecuteWorkflowOperator):
    """
    Recalculate cells of a sheet of a PromptLayer table, and wait for the end.

    The requests are "Create Operation", "Get Operation" and "Cancel Operation" of PromptLayer's API reference,
    https://docs.promptlayer.com/. The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``execution_id`` is
    ``<table>.<sheet>.<operation>``, ``state`` is ``succeeded``, ``partial`` or, without a wait, ``queued``; ``status`` is that of the
    operation; ``output`` is ``{"cell_count", "completed_count", "failed_count", "pending_count"}``. An operation that completed with
    failed cells is ``partial``. If no cell needs work, the task succeeds at once: ``status`` is ``nothing to do``, all counts are 0,
    and ``execution_id`` is ``None``.

    The scorecard of the sheet stays as it is: :class:`PromptLayerRecalculateScorecardOperator` recalculates it afterwards.

    :param table_id: the id of the table (templated).
    :param sheet_id: the id of its sheet (templated).
    :param column_ids: the ids of the columns to recalculate; default: all that are computed (templated).
    :param row_indices: the rows to recalculate, from 0; default: all (templated).
    :param statuses: recalculate only cells with one of these statuses: ``STALE``, ``QUEUED``, ``DISPATCHED``, ``RUNNING``,
        ``COMPLETED``, ``FAILED``. An empty list: all cells. Default: only ``STALE`` (templated).
    :param confirm: what happens if PromptLayer wants a confirmation, because many cells would be recalculated. True confirms it: the
        start is sent a second time, with PromptLayer's token. False fails the task with the number of cells, and nothing is started.
    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if PromptLayer rejected the start, or wants a confirmation.
    :raises LostStart: if the response to the start was lost, so that cells may be recalculated; there is no retry.
    :raises ExecutionFailed: if the operation failed, or cells failed; with their number.
    :raises ExecutionStopped: if the operation was cancelled.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    template_fields = ("table_id", "sheet_id", "column_ids", "row_indices", "statuses", "promptlayer_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "column_ids": "json",
        "row_indices": "json",
        "statuses": "json",
    }
    stand_ins: ClassVar[dict[str, Any]] = dict.fromkeys(("column_ids", "row_indices", "statuses"))
    hook_class = PromptLayerSheetHook
    start_request = staticmethod(promptlayer_tables.recalculate_sheet)
    trigger_class = PromptLayerSheetExecutionTrigger

    #: A start has none: :meth:`send_start` confirms it.
    confirmation_token: str | None = None

    def __init__(
        self,
        *,
        table_id: str,
        sheet_id: str,
        column_ids: Sequence[str] | None = None,
        row_indices: Sequence[int] | None = None,
        statuses: Sequence[str] | None = None,
        confirm: bool = False,
        promptlayer_conn_id: str = "promptlayer_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_id = table_id
        self.sheet_id = sheet_id
        self.column_ids = column_ids
        self.row_indices = row_indices
        self.statuses = statuses
        self.confirm = flag("confirm", confirm)
        self.promptlayer_conn_id = conn_id("promptlayer_conn_id", promptlayer_conn_id)
        self.validate_at_parse()

    def send_start(self, request: Request[Execution], built: BuiltRequest, budget: float) -> Execution:
        """
        Send the start, and a second time if PromptLayer wants a confirmation and the author gives it.

        :param request: the start.
        :param built: the same, serialised.
        :param budget: seconds until the deadline.
        :return: the operation.
        :raises ConfirmationWanted: if PromptLayer wants a confirmation, and ``confirm`` is False; nothing was started.
        :raises WorkflowError: if it could not be started.
        """
        until = time.monotonic() + budget
        try:
            return super().send_start(request, built, budget)
        except promptlayer_tables.ConfirmationWanted as wanted:
            if not self.confirm:
                raise
            token = wanted.token
        # The first request has started nothing, so a second one cannot start a second operation. If its response is lost, the
        # start is lost: the intent is stored.
        self.stop_if_killed()
        return self.hook.send(promptlayer_tables.confirmed(request, token), budget=until - time.monotonic())


class PromptLayerRecalculateSheetBatchOperator(BatchOperator, PromptLayerRecalculateSheetOperator):
    """
    Recalculate cells of each of many sheets, in one task.

    The parameters of :class:`PromptLayerRecalculateSheetOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = PromptLayerSheetBatchTrigger


class PromptLayerSheetStopExecutionOperator(StopExecutionOperator):
    """
    Cancel the recalculation of a sheet: as a teardown, or when another task has decided that it is no longer needed.

    The request is "Cancel Operation" of PromptLayer's API reference, https://docs.promptlayer.com/. ``execution_id`` is
    ``<table>.<sheet>.<operation>``.

    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises ExecutionTimedOut: if it has not ended in time.
    """

    template_fields = ("execution_id", "promptlayer_conn_id")
    hook_class = PromptLayerSheetHook

    def __init__(self, *, promptlayer_conn_id: str = "promptlayer_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.promptlayer_conn_id = conn_id("promptlayer_conn_id", promptlayer_conn_id)


class PromptLayerRecalculateScorecardOperator(ExecuteWorkflowOperator):
    """
    Recalculate the scorecard of a sheet of a PromptLayer table, and wait for the score.

    The requests are "Recalculate Scorecard" and "Get Scorecard Calculation" of PromptLayer's API reference,
    https://docs.promptlayer.com/. The task returns ``{"execution_id", "state", "status", "output", "url"}``: ``execution_id`` is
    ``<table>.<sheet>.<calculation>``, ``state`` is ``succeeded`` or, without a wait, ``queued``; ``status`` is that of the calculation;
    ``output`` is ``{"aggregate_score", "aggregate_verdict", "criterion_summaries", "drift_summary"}``. The score is a number from 0.0 to
    1.0, or ``None``; the verdict is ``pass``, ``warn``, ``fail``, ``error``, ``skipped`` or ``None``. The task succeeds with every
    verdict: the next task decides what it means. The scorecard is calculated from the cells as they
    are: recalculate them before, with :class:`PromptLayerRecalculateSheetOperator`. A task cannot stop a calculation.

    :param table_id: the id of the table (templated).
    :param sheet_id: the id of its sheet, which has a scorecard (templated).
    :param row_indices: the rows to score, from 0; default: all (templated).
    :param step_ids: the ids of the steps of the scorecard; default: all (templated).
    :param promptlayer_conn_id: the connection, of type ``promptlayer`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if PromptLayer rejected the start: the sheet has no scorecard, for example.
    :raises LostStart: if the response to the start was lost, so that the scorecard may be recalculated; there is no retry.
    :raises ExecutionFailed: if the calculation failed.
    :raises ExecutionStopped: if the calculation was cancelled.
    :raises ExecutionTimedOut: if the deadline came first; the calculation goes on.
    """

    template_fields = ("table_id", "sheet_id", "row_indices", "step_ids", "promptlayer_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"step_ids": "json", "row_indices": "json"}
    stand_ins: ClassVar[dict[str, Any]] = dict.fromkeys(("row_indices", "step_ids"))
    hook_class = PromptLayerScorecardHook
    start_request = staticmethod(promptlayer_scorecards.recalculate_scorecard)
    trigger_class = PromptLayerScorecardExecutionTrigger

    def __init__(
        self,
        *,
        table_id: str,
        sheet_id: str,
        row_indices: Sequence[int] | None = None,
        step_ids: Sequence[str] | None = None,
        promptlayer_conn_id: str = "promptlayer_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.table_id = table_id
        self.sheet_id = sheet_id
        self.row_indices = row_indices
        self.step_ids = step_ids
        self.promptlayer_conn_id = conn_id("promptlayer_conn_id", promptlayer_conn_id)
        self.validate_at_parse()


class PromptLayerRecalculateScorecardBatchOperator(BatchOperator, PromptLayerRecalculateScorecardOperator):
    """
    Recalculate the scorecard of each of many sheets, in one task.

    The parameters of :class:`PromptLayerRecalculateScorecardOperator` are common to all inputs. Each of ``inputs`` has what differs.

    :raises InvalidInput: if a parameter or an input is wrong; nothing was started.
    :raises ExecutionFailed: if fewer inputs than needed have succeeded; the manifest says why.
    :raises LostStart: if the same, and only because the responses to starts were lost.
    :raises ExecutionTimedOut: if the deadline came first.
    """

    batch_trigger_class = PromptLayerScorecardBatchTrigger
