"""Datalab."""

from typing import Any

from airflow_workflow_providers.apis import datalab
from airflow_workflow_providers.forms.datalab import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends
from airflow_workflow_providers.hooks.extra import HttpExtra


class DatalabExtra(HttpExtra):
    """The extra fields of a connection of type ``datalab``."""

    download_hosts: str | None = None


class DatalabHook(WorkflowHook):
    """
    Datalab's Workflows API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://documentation.datalab.to/.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api = datalab.API
    form = FORM
    extra_model = DatalabExtra

    def __init__(self, datalab_conn_id: str = "datalab_default", **kwargs: Any) -> None:
        super().__init__(datalab_conn_id, **kwargs)

    execute_workflow = sends(datalab.execute_workflow)
