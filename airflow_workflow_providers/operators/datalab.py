"""Datalab."""

from typing import Any, ClassVar

from airflow_workflow_providers.apis import datalab as api
from airflow_workflow_providers.hooks.datalab import DatalabHook
from airflow_workflow_providers.operators.execute import ExecuteWorkflowOperator
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.triggers.datalab import DatalabExecutionTrigger


class DatalabExecuteWorkflowOperator(ExecuteWorkflowOperator):
    """
    Execute a Datalab workflow over one file or many, and wait for its end.

    The request is "Execute Workflow" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    ``{"execution_id", "state", "status", "output", "url"}``: ``state`` is ``succeeded``, ``partial`` or, without a
    wait, ``running``; ``status`` is Datalab's; ``output`` is, for each step and file, ``{"status", "error"}``. An execution
    that completed although files failed, or steps did not succeed, is ``partial``. Datalab cannot stop an execution.

    :param workflow_id: the workflow's number (templated).
    :param input_config: what it reads, sent as it is (templated):
        ``{"type": "single_file", "file_url": ...}``, ``{"type": "file_list", "file_urls": [...]}``, or, as the
        vendor's own client sends it, ``{"file_urls": [...]}`` or ``{"bucket", "prefix", "pattern", "storage_type"}``.
        Default: none is sent.
    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    :raises InvalidInput: if a parameter is wrong; nothing was sent.
    :raises RequestRejected: if Datalab rejected the start.
    :raises LostStart: if the response to the start was lost, so that an execution may exist; there is no retry.
    :raises ExecutionFailed: if the execution ended without success.
    :raises ExecutionTimedOut: if the deadline came first; the execution goes on.
    """

    template_fields = ("workflow_id", "input_config", "datalab_conn_id")
    template_fields_renderers: ClassVar[dict[str, str]] = {"input_config": "json"}
    stand_ins: ClassVar[dict[str, Any]] = {"workflow_id": 1}
    hook_class = DatalabHook
    start_request = staticmethod(api.execute_workflow)
    trigger_class = DatalabExecutionTrigger

    def __init__(
        self,
        *,
        workflow_id: int | str,
        input_config: dict[str, Any] | None = None,
        datalab_conn_id: str = "datalab_default",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.workflow_id = workflow_id
        self.input_config = input_config
        self.datalab_conn_id = conn_id("datalab_conn_id", datalab_conn_id)
        self.validate_at_parse()
