"""PromptLayer."""

from typing import Any

from airflow_workflow_providers.apis import promptlayer, promptlayer_workflows
from airflow_workflow_providers.forms.promptlayer import FORM
from airflow_workflow_providers.hooks.base import WorkflowHook, sends


class PromptLayerHook(WorkflowHook):
    """
    PromptLayer's workflow endpoints with an Airflow connection.

    Every method raises one of the errors of :mod:`airflow_workflow_providers.core.errors`, which names the workflow or the
    execution. The API is described at https://docs.promptlayer.com/.

    :param promptlayer_conn_id: the connection, of type ``promptlayer``.
    """

    api = promptlayer.API
    form = FORM

    def __init__(self, promptlayer_conn_id: str = "promptlayer_default", **kwargs: Any) -> None:
        super().__init__(promptlayer_conn_id, **kwargs)

    run_workflow, arun_workflow = sends(promptlayer.run_workflow)
    list_workflows, alist_workflows = sends(promptlayer_workflows.list_workflows)
    get_workflow, aget_workflow = sends(promptlayer_workflows.get_workflow)
    list_workflow_labels, alist_workflow_labels = sends(promptlayer_workflows.list_workflow_labels)
