"""Refold (formerly Cobalt)."""

from typing import Any, Literal

from airflow_workflow_providers.apis import refold, refold_lists
from airflow_workflow_providers.forms.refold import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends
from airflow_workflow_providers.hooks.extra import HttpExtra


class RefoldExtra(HttpExtra):
    """The extra fields of a connection of type ``refold``."""

    auth_type: Literal["api_key", "bearer"] = "api_key"
    linked_account_id: str | None = None


class RefoldHook(WorkflowHook):
    """
    Refold's public REST API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://docs.refold.ai/.

    :param refold_conn_id: the connection, of type ``refold``.
    """

    api = refold.API
    form = FORM
    extra_model = RefoldExtra

    def __init__(self, refold_conn_id: str = "refold_default", **kwargs: Any) -> None:
        super().__init__(refold_conn_id, **kwargs)

    execute_workflow = sends(refold.execute_workflow)
    list_executions = sends(refold_lists.list_executions)
