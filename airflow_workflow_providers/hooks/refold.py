"""Refold (formerly Cobalt)."""

from typing import Any, Literal

from airflow.providers.common.compat.sdk import Connection

from airflow_workflow_providers.apis import refold, refold_lists, refold_workflows
from airflow_workflow_providers.core.errors import InvalidInput
from airflow_workflow_providers.forms.refold import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends
from airflow_workflow_providers.hooks.extra import HttpExtra, RequestsPerSecond


class RefoldExtra(HttpExtra):
    """The extra fields of a connection of type ``refold``."""

    auth_type: Literal["api_key", "bearer"] = "api_key"
    linked_account_id: str | None = None
    # 20 a second, 5 in a burst: https://docs.refold.ai/v3/api-reference/overview
    requests_per_second: RequestsPerSecond = 20.0


class RefoldHook(WorkflowHook):
    """
    Refold's public REST API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://docs.refold.ai/.

    :param refold_conn_id: the connection, of type ``refold``.
    :param linked_account_id: the linked account to act for; default: that of the connection. A connection with a token
        cannot have another account than the token's.
    :raises InvalidInput: if a parameter is wrong.
    """

    api = refold.API
    form = FORM
    extra_model = RefoldExtra
    account_parameters = ("linked_account_id",)

    def __init__(
        self,
        refold_conn_id: str = "refold_default",
        *,
        linked_account_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(refold_conn_id, **kwargs)
        self.linked_account_id = (
            None if linked_account_id is None else refold.linked_account(linked_account_id)
        )

    def read_extra(self, connection: Connection) -> Any:
        """
        Return the extra fields of the connection, with the linked account that the task has chosen.

        :param connection: the connection.
        :return: a :class:`RefoldExtra`.
        :raises InvalidInput: if a field is wrong, or if the connection has a token and the task has chosen an account.
        """
        extra = super().read_extra(connection)
        if self.linked_account_id is None:
            return extra
        if extra.auth_type == "bearer":
            raise InvalidInput(
                f"linked_account_id={self.linked_account_id!r} cannot be used with connection {self.conn_id!r}: its token "
                "belongs to one account. Leave the parameter out, or use a connection with an API key."
            )
        return extra.model_copy(update={"linked_account_id": self.linked_account_id})

    execute_workflow, aexecute_workflow = sends(refold.execute_workflow)
    list_executions, alist_executions = sends(refold_lists.list_executions)
    list_workflows, alist_workflows = sends(refold_workflows.list_workflows)
    get_workflow, aget_workflow = sends(refold_workflows.get_workflow)
    list_enabled_workflows, alist_enabled_workflows = sends(refold_workflows.list_enabled_workflows)
    list_workflow_versions, alist_workflow_versions = sends(refold_workflows.list_workflow_versions)
    get_request_structure, aget_request_structure = sends(refold_workflows.get_request_structure)
    list_node_batches, alist_node_batches = sends(refold_workflows.list_node_batches)
