"""Refold (formerly Cobalt)."""

from typing import Any, ClassVar

from airflow_workflow_providers.core.parameters import flag
from airflow_workflow_providers.core.watcher import EndedRun
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger
from airflow_workflow_providers.triggers.ended import WorkflowEndedTrigger


class RefoldExecutionTrigger(ExecutionTrigger):
    """
    Wait for a Refold execution.

    :param linked_account_id: the linked account that the task has chosen; default: that of the connection.
    """

    hook_class = RefoldHook

    def __init__(self, *, linked_account_id: str | None = None, **kwargs: Any) -> None:
        self.linked_account_id = linked_account_id
        super().__init__(**kwargs)


class RefoldBatchTrigger(BatchTrigger):
    """
    Wait for the executions of a batch of Refold.

    :param linked_account_id: the linked account that the task has chosen; default: that of the connection.
    """

    hook_class = RefoldHook

    def __init__(self, *, linked_account_id: str | None = None, **kwargs: Any) -> None:
        self.linked_account_id = linked_account_id
        super().__init__(**kwargs)


class RefoldWorkflowEndedTrigger(WorkflowEndedTrigger):
    """
    Send an event for each execution of a Refold workflow that has ended: the trigger of an ``AssetWatcher``.

    The requests are "List Executions" and "Get Execution" of Refold's API reference, https://docs.refold.ai/.

    :param workflow_id: the id of the workflow, and not its alias: the list of executions does not know aliases.
    :param include_airflow_runs: send an event for the executions that an operator of this package has started, too, in any
        Airflow. They are known by the label that an operator gives them. Refold does not document that a list shows it; and an
        execution with an ``instance_tag`` of its author is not known. Default: False, so that a DAG does not start itself.
    :param linked_account_id: the linked account to act for; default: that of the connection.
    """

    hook_class = RefoldHook
    own_names: ClassVar[tuple[str, ...]] = ("include_airflow_runs",)

    def __init__(
        self,
        *,
        workflow_id: str,
        include_airflow_runs: bool = False,
        linked_account_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.linked_account_id = linked_account_id
        self.include_airflow_runs = flag("include_airflow_runs", include_airflow_runs)
        super().__init__(workflow_id=workflow_id, **kwargs)

    def is_wanted(self, run: EndedRun) -> bool:
        """
        Return whether the end of a run is an event.

        :param run: the run.
        :return: True if its state is one of ``states``, and it is not from Airflow unless that is wanted.
        """
        return super().is_wanted(run) and (self.include_airflow_runs or not run.from_airflow)
