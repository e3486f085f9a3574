"""PromptLayer."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_workflow_providers.apis import promptlayer as api
from airflow_workflow_providers.core.execution import Execution
from airflow_workflow_providers.core.parameters import text
from airflow_workflow_providers.core.vendor import Vendor
from airflow_workflow_providers.forms.promptlayer import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook


class PromptLayerHook(WorkflowHook):
    """
    PromptLayer's workflow endpoints with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, whose message names the
    workflow or the execution. The API is described at https://docs.promptlayer.com/.

    :param promptlayer_conn_id: the connection, of type ``promptlayer``.
    """

    api: ClassVar[Vendor] = api
    form = FORM

    def __init__(self, promptlayer_conn_id: str = "promptlayer_default", **kwargs: Any) -> None:
        super().__init__(text("promptlayer_conn_id", promptlayer_conn_id), **kwargs)

    def run_workflow(
        self,
        workflow_name: str | int,
        *,
        workflow_label_name: str | None = None,
        workflow_version_number: int | None = None,
        input_variables: dict[str, Any] | None = None,
        metadata: dict[str, str] | None = None,
        return_all_outputs: bool = False,
        callback_url: str | None = None,
    ) -> Execution:
        """
        Start a workflow.

        The parameters are those of
        :class:`~airflow_workflow_providers.operators.promptlayer.PromptLayerExecuteWorkflowOperator`.

        :param workflow_name: the workflow's name, or its number.
        :param workflow_label_name: run the version with this label.
        :param workflow_version_number: run this version. It and the label exclude each other; without either the latest
            version runs.
        :param input_variables: the variables that the workflow needs, a JSON object; default: ``{}``.
        :param metadata: names and texts to keep with the execution; default: none.
        :param return_all_outputs: sent as it is; :meth:`get_execution` reads every node whatever it says.
        :param callback_url: an http or https address to which PromptLayer posts the results too; default: none.
        :return: the execution, which is still going; its ``note`` is PromptLayer's warning about variables, if there
            was one.
        :raises InvalidInput: if a parameter is wrong; nothing was sent.
        :raises LostStart: if the answer was lost, so that an execution may exist.
        """
        return self.send(
            api.run_workflow(
                workflow_name,
                workflow_label_name=workflow_label_name,
                workflow_version_number=workflow_version_number,
                input_variables=input_variables,
                metadata=metadata,
                return_all_outputs=return_all_outputs,
                callback_url=callback_url,
            )
        )
