"""Refold (formerly Cobalt)."""

from collections.abc import Sequence
from typing import Any

from airflow_workflow_providers.apis.refold import linked_account
from airflow_workflow_providers.core.parameters import flag
from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.operators.validation import account, conn_id
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.sensors.workflow import WorkflowSensor
from airflow_workflow_providers.triggers.refold import RefoldExecutionTrigger


class RefoldExecutionSensor(ExecutionSensor):
    """
    Wait for a Refold execution that another task, DAG or person has started.

    The request is "Get Execution" of Refold's API reference, https://docs.refold.ai/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.refold.RefoldExecuteWorkflowOperator`.

    :param require_output: fail if the run has ended without failure and no output was found. ``null`` is no output.
    :param linked_account_id: the linked account to act for (templated); default: that of the connection. A connection with
        a token cannot have another account than the token's.
    :param refold_conn_id: the connection, of type ``refold`` (templated).
    """

    template_fields: Sequence[str] = ("execution_id", "linked_account_id", "refold_conn_id")
    hook_class = RefoldHook
    trigger_class = RefoldExecutionTrigger

    def __init__(
        self,
        *,
        require_output: bool = False,
        linked_account_id: str | None = None,
        refold_conn_id: str = "refold_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.require_output = flag("require_output", require_output)
        self.linked_account_id = account(linked_account_id, linked_account)
        self.chooses_account = linked_account_id is not None
        self.refold_conn_id = conn_id("refold_conn_id", refold_conn_id)


class RefoldWorkflowSensor(WorkflowSensor, RefoldExecutionSensor):
    """
    Wait for the newest execution of a Refold workflow that has begun since a given time; an event starts it, for example.

    The requests are "List Executions" and "Get Execution" of Refold's API reference, https://docs.refold.ai/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.refold.RefoldExecuteWorkflowOperator`.

    :param workflow_id: the id of the workflow, and not its alias: the list of executions does not know aliases (templated).
    """

    template_fields = ("workflow_id", "started_after", "linked_account_id", "refold_conn_id")

    def __init__(self, *, workflow_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.validate_at_parse()
