"""Altostrat SDX."""

from typing import Any

from airflow_workflow_providers.apis import altostrat, altostrat_starts, altostrat_workflows
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
    rerun_run, arerun_run = sends(altostrat_starts.rerun_run)
    resume_run, aresume_run = sends(altostrat_starts.resume_run)
    execute_workflow_sync, aexecute_workflow_sync = sends(altostrat_starts.execute_workflow_sync)
    list_workflows, alist_workflows = sends(altostrat_workflows.list_workflows)
    get_workflow, aget_workflow = sends(altostrat_workflows.get_workflow)
    list_workflow_logs, alist_workflow_logs = sends(altostrat_workflows.list_workflow_logs)
    list_recent_logs, alist_recent_logs = sends(altostrat_workflows.list_recent_logs)
    get_log_statistics, aget_log_statistics = sends(altostrat_workflows.get_log_statistics)
    list_authorizations, alist_authorizations = sends(altostrat_workflows.list_authorizations)
