"""Altostrat SDX."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_workflow_providers.apis import altostrat as api
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.core.vendor import Vendor
from airflow_workflow_providers.forms.altostrat import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook

#: How many pages of runs are searched for one that may have started.
SEARCHED_PAGES = 20


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
        super().__init__(text("altostrat_conn_id", altostrat_conn_id), **kwargs)

    def execute_workflow(
        self, workflow_id: str, *, context: dict[str, Any] | None = None, nonce: dict[str, str] | None = None
    ) -> Execution:
        """
        Start a workflow.

        :param workflow_id: its id, ``fl_...``.
        :param context: initial data for its trigger node, a JSON object.
        :param nonce: a key and a text that no other start has; it is put into the context.
        :return: the run, which is still going.
        :raises LostStart: if the answer was lost, so that a run may exist.
        """
        return self.send(api.execute_workflow(workflow_id, context=context, nonce=nonce))

    def find_started(self, start: Call[Execution], *, nonce: str, since: float) -> list[str]:
        """
        Return the runs of the workflow begun just then whose context carries the nonce, where Altostrat shows it.

        :param start: the start, as it was sent; its workflow is searched.
        :param nonce: what its context carried under ``nonce_key``; empty if nothing, and then nothing is asked: an equal
            context proves nothing.
        :param since: when it was sent, in seconds since the epoch; a run begun up to a minute before or after may be
            this one.
        :return: their ids, of the first pages of runs.
        :raises WorkflowError: if Altostrat could not be asked.
        """
        found: list[str] = []
        page, more = 1, bool(nonce)
        while more and page <= SEARCHED_PAGES:
            recent, more = self.send(api.find_begun(start.identity["workflow_id"], since, page))
            found += [run_id for run_id in recent if api.carries(self.get_run(run_id), nonce)]
            page += 1
        return list(dict.fromkeys(found))

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
