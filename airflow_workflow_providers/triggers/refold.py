"""Refold (formerly Cobalt)."""

from typing import Any

from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.batch import BatchTrigger


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
