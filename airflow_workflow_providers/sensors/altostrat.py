"""Altostrat SDX."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import flag, one_of
from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.sensors.workflow import WorkflowSensor
from airflow_workflow_providers.triggers.altostrat import AltostratExecutionTrigger


class AltostratExecutionSensor(ExecutionSensor):
    """
    Wait for a run of an Altostrat workflow that another task, DAG or person has started.

    The request is "Retrieve a workflow run" of Altostrat's API reference, https://altostrat.io/docs/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.altostrat.AltostratExecuteWorkflowOperator`.

    :param return_log: return every entry of the run's log; False returns the output of the last entry.
    :param log_entries: write each entry of the run's log to the log of the task, with the first 200 characters of its output,
        as soon as a status check has seen it; not for ``mode="reschedule"``. If the triggerer changes during the wait, entries
        can be written twice. Default: False.
    :param on_ui_interaction: what happens when the run waits for a person: ``"wait"`` or ``"fail"``.
    :param altostrat_conn_id: the connection, of type ``altostrat`` (templated).
    :raises InvalidInput: if a parameter is wrong, or ``log_entries`` is set with ``mode="reschedule"``.
    """

    template_fields: Sequence[str] = ("execution_id", "altostrat_conn_id")
    hook_class = AltostratHook
    trigger_class = AltostratExecutionTrigger

    def __init__(
        self,
        *,
        return_log: bool = False,
        log_entries: bool = False,
        on_ui_interaction: Literal["wait", "fail"] = "wait",
        altostrat_conn_id: str = "altostrat_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.return_log = flag("return_log", return_log)
        self.log_entries = flag("log_entries", log_entries)
        self.on_ui_interaction = one_of("on_ui_interaction", on_ui_interaction, ("wait", "fail"))
        self.stop_at_pause = on_ui_interaction == "fail"
        self.altostrat_conn_id = conn_id("altostrat_conn_id", altostrat_conn_id)
        if log_entries and self.mode == "reschedule" and not self.deferrable:
            raise InvalidInput(
                "log_entries=True and mode='reschedule' exclude each other: each poke of this mode is a new process, which does "
                "not know what is in the log already. Use deferrable=True instead."
            )

    def select_output(self, execution: Execution) -> Execution:
        """
        Return the run with its whole log as its output, if the author wants that.

        :param execution: the run, with the output of the last entry of its log.
        :return: with ``return_log`` the run with every entry of its log; else the same.
        """
        return replace(execution, output=execution.details) if self.return_log else execution


class AltostratWorkflowSensor(WorkflowSensor, AltostratExecutionSensor):
    """
    Wait for the newest run of an Altostrat workflow that has begun since a given time; a schedule of Altostrat starts it, for example.

    The requests are "List workflow runs" and "Retrieve a workflow run" of Altostrat's API reference, https://altostrat.io/docs/. The
    task returns the same record as :class:`~airflow_workflow_providers.operators.altostrat.AltostratExecuteWorkflowOperator`.

    :param workflow_id: the workflow, ``fl_...`` (templated).
    """

    template_fields = ("workflow_id", "started_after", "altostrat_conn_id")
    listed_by = "workflow_id"

    def __init__(self, *, workflow_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.validate_at_parse()
