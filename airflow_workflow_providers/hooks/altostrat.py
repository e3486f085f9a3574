"""Altostrat SDX."""

from typing import Any

from airflow_workflow_providers.apis import altostrat
from airflow_workflow_providers.forms.altostrat import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends


class AltostratHook(WorkflowHook):
    """
    Altostrat's Workflows API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    run. The API is described at https://altostrat.io/docs/.

    :param altostrat_conn_id: the connection, of type ``altostrat``.
    """

    api = altostrat.API
    form = FORM

    def __init__(self, altostrat_conn_id: str = "altostrat_default", **kwargs: Any) -> None:
        super().__init__(altostrat_conn_id, **kwargs)

    execute_workflow, aexecute_workflow = sends(altostrat.execute_workflow)
    get_run, aget_run = sends(altostrat.get_run)
    list_runs, alist_runs = sends(altostrat.list_runs)
