"""Altostrat SDX."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.vendor import Vendor
from airflow_workflow_providers.forms.altostrat import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook


class AltostratHook(WorkflowHook):
    """
    Altostrat's Workflows API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, whose message names the
    workflow or the run. The API is described at https://altostrat.io/docs/.

    :param altostrat_conn_id: the connection, of type ``altostrat``.
    """

    api: ClassVar[Vendor] = api
    form = FORM

    def __init__(self, altostrat_conn_id: str = "altostrat_default", **kwargs: Any) -> None:
        super().__init__(altostrat_conn_id, **kwargs)

    def execute_workflow(self, workflow_id: str, *, context: dict[str, Any] | None = None) -> Execution:
        """
        Start a workflow.

        :param workflow_id: its id, ``fl_...``.
        :param context: initial data for its trigger node, a JSON object.
        :return: the run, which is still going.
        :raises LostStart: if the answer was lost, so that a run may exist.
        """
        return self.send(api.execute_workflow(workflow_id, context=context))

    def find_started(self, start: Call[Execution], *, label: str, since: float) -> list[str]:  # noqa: ARG002
        """
        Return the runs of the workflow begun just then that were given the same context, where Altostrat shows it.

        :param start: the start, as it was sent.
        :param label: not used: Altostrat takes none.
        :param since: when it was sent, in seconds since the epoch; a run begun up to a minute before or after may be
            this one.
        :return: their ids, of the first page of runs; none for a start without a context, for every such run is like
            any other.
        :raises WorkflowError: if Altostrat could not be asked.
        """
        given = start.identity["context"]
        if not given:  # every run without a context is like any other
            return []
        runs = self.send(api.list_runs(start.identity["workflow_id"]))["data"]
        recent = [str(run["id"]) for run in runs if run.get("id") and api.begun_at(run, since)]
        return [run_id for run_id in recent if self.get_run(run_id).get("trigger_payload") == given]

    def get_run(self, execution_id: str) -> dict[str, Any]:
        """
        Return a run as Altostrat describes it.

        :param execution_id: its id, ``fl_run_...``.
        :return: ``id``, ``status``, ``error_message``, ``started_at``, ``completed_at``, ``duration_in_seconds`` and
            ``logs``: one entry for each step, in order, with ``node_id``, ``status`` and ``output``.
        """
        return self.send(api.get_run(execution_id))

    def list_runs(self, workflow_id: str, *, page: int = 1) -> dict[str, Any]:
        """
        Return one page of a workflow's runs, newest first and without their logs.

        :param workflow_id: the workflow, ``fl_...``.
        :param page: from 1.
        :return: Altostrat's page: ``data``, ``links`` and ``meta``.
        """
        return self.send(api.list_runs(workflow_id, page=page))
