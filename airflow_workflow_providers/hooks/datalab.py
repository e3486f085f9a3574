"""Datalab."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.core.vendor import Vendor
from airflow_workflow_providers.forms.datalab import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook


class DatalabHook(WorkflowHook):
    """
    Datalab's Workflows API with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, whose message names the
    workflow or the execution. The API is described at https://documentation.datalab.to/.

    :param datalab_conn_id: the connection, of type ``datalab``.
    """

    api: ClassVar[Vendor] = api
    form = FORM

    def __init__(self, datalab_conn_id: str = "datalab_default", **kwargs: Any) -> None:
        super().__init__(text("datalab_conn_id", datalab_conn_id), **kwargs)

    def execute_workflow(
        self, workflow_id: int | str, *, input_config: dict[str, Any] | None = None
    ) -> Execution:
        """
        Start a workflow.

        :param workflow_id: its number.
        :param input_config: what it reads; see
            :class:`~airflow_workflow_providers.operators.datalab.DatalabExecuteWorkflowOperator`.
        :return: the execution: still going, or failed already, if Datalab said so.
        :raises LostStart: if the answer was lost, so that an execution may exist.
        """
        return self.send(api.execute_workflow(workflow_id, input_config=input_config))
