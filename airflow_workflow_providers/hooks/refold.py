"""Refold (formerly Cobalt)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from airflow_workflow_providers.apis import refold as api
from airflow_workflow_providers.apis import refold_lists
from airflow_workflow_providers.core.call import Call
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.core.vendor import Vendor
from airflow_workflow_providers.forms.refold import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.hooks.extra import HttpExtra

#: How many pages of 100 runs are searched for one that may have started.
SEARCHED_PAGES = 50


class RefoldExtra(HttpExtra):
    """The extra fields of a connection of type ``refold``."""

    auth_type: Literal["api_key", "bearer"] = "api_key"
    linked_account_id: str | None = None


class RefoldHook(WorkflowHook):
    """
    Refold's public REST API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, whose message names the
    workflow or the execution. The API is described at https://docs.refold.ai/.

    :param refold_conn_id: the connection, of type ``refold``.
    """

    api: ClassVar[Vendor] = api
    form = FORM
    extra_model = RefoldExtra

    def __init__(self, refold_conn_id: str = "refold_default", **kwargs: Any) -> None:
        super().__init__(text("refold_conn_id", refold_conn_id), **kwargs)

    def execute_workflow(
        self,
        workflow_id: str,
        *,
        slug: str,
        payload: dict[str, Any] | None = None,
        config_id: str | None = None,
        sync_execution: bool = False,
        instance_tag: str | None = None,
        include_headers: bool = False,
        wrap_payload: bool = True,
    ) -> Execution:
        """
        Start a published workflow.

        The parameters are those of
        :class:`~airflow_workflow_providers.operators.refold.RefoldExecuteWorkflowOperator`.

        :param workflow_id: the id of the published workflow, or its alias.
        :param slug: the slug of the application that the workflow belongs to.
        :param payload: the input of the workflow, a JSON object; default: ``{}``.
        :param config_id: the config to run for; default: the linked account's id.
        :param sync_execution: let Refold answer when the run is over, with its output. No answer in 10 min is a lost
            start, whatever the connection's read timeout.
        :param instance_tag: a label for the run; default: none.
        :param include_headers: let Refold repeat the request's headers; they are in the run's ``note``.
        :param wrap_payload: send ``{"payload": payload}``; False sends ``payload`` itself as the body.
        :return: the run, which is still going unless ``sync_execution`` is set. One that failed is returned too, with
            its state.
        :raises InvalidInput: if a parameter is wrong; nothing was sent.
        :raises LostStart: if the answer was lost, so that a run may exist.
        """
        return self.send(
            api.execute_workflow(
                workflow_id,
                slug=slug,
                payload=payload,
                config_id=config_id,
                sync_execution=sync_execution,
                instance_tag=instance_tag,
                include_headers=include_headers,
                wrap_payload=wrap_payload,
            )
        )

    def find_started(self, start: Call[Execution], *, nonce: str, since: float) -> list[str]:  # noqa: ARG002
        """
        Return the runs that show the nonce with which the start was sent, on whatever page of the list they are.

        :param start: the start, as it was sent; the nonce alone decides.
        :param nonce: what it was labelled with; empty if with nothing, and then nothing is asked.
        :param since: when it was sent, in seconds since the epoch; runs begun up to a minute before are looked at too.
        :return: their ids; none where Refold does not show the nonce.
        :raises WorkflowError: if Refold could not be asked.
        """
        found: list[str] = []
        page, more = 1, bool(nonce)
        while more and page <= SEARCHED_PAGES:
            runs, more = self.send(refold_lists.find_started(nonce, since, page))
            found += runs
            page += 1
        return list(dict.fromkeys(found))

    def list_executions(self, **filters: Any) -> dict[str, Any]:
        """
        Return one page of runs, newest first unless ``sort_asc``.

        The filters are keywords; one that is ``None`` is left out: ``page``, ``limit``, ``status``,
        ``slug`` (comma-separated), ``workflow_id``, ``workflow_name``, ``execution_id``, ``execution_type`` (``All``,
        ``SYNC``, ``ASYNC``), ``execution_source``, ``start_date``, ``end_date`` (ISO 8601), ``sort_asc``.

        :return: Refold's page: ``docs``, ``totalDocs``, ``page``, ``hasNextPage`` and so on.
        :raises InvalidInput: if there is no such filter; nothing was sent.
        """
        return self.send(refold_lists.list_executions(**filters))
