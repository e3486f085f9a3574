"""Altostrat SDX."""

from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger
from airflow_workflow_providers.triggers.ended import WorkflowEndedTrigger


class AltostratExecutionTrigger(ExecutionTrigger):
    """Wait for a run of an Altostrat workflow."""

    hook_class = AltostratHook


class AltostratBatchTrigger(BatchTrigger):
    """Wait for the runs of a batch of Altostrat."""

    hook_class = AltostratHook


class AltostratWorkflowEndedTrigger(WorkflowEndedTrigger):
    """
    Send an event for each run of an Altostrat workflow that has ended: the trigger of an ``AssetWatcher``.

    The requests are "List workflow runs" and "Retrieve a workflow run" of Altostrat's API reference,
    https://altostrat.io/docs/. A run has no label, so the runs that an operator of this package has started are events too.

    :param workflow_id: the workflow, ``fl_...``.
    """

    hook_class = AltostratHook
