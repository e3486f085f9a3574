"""Datalab."""

from collections.abc import Sequence
from typing import Any, ClassVar

from airflow_workflow_providers.hooks.datalab import (
    DatalabConvertHook,
    DatalabExtractHook,
    DatalabHook,
    DatalabPipelineHook,
    DatalabSegmentHook,
)
from airflow_workflow_providers.operators.validation import conn_id
from airflow_workflow_providers.sensors.base import ExecutionSensor
from airflow_workflow_providers.sensors.workflow import WorkflowSensor
from airflow_workflow_providers.triggers.base import ExecutionTrigger
from airflow_workflow_providers.triggers.datalab import (
    DatalabConvertExecutionTrigger,
    DatalabExecutionTrigger,
    DatalabExtractExecutionTrigger,
    DatalabPipelineExecutionTrigger,
    DatalabSegmentExecutionTrigger,
)


class DatalabExecutionSensor(ExecutionSensor):
    """
    Wait for a Datalab execution that another task, DAG or person has started.

    The request is "Get Execution Status" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabExecuteWorkflowOperator`.

    :param datalab_conn_id: the connection, of type ``datalab`` (templated).
    """

    template_fields: Sequence[str] = ("execution_id", "datalab_conn_id")
    hook_class = DatalabHook
    trigger_class: ClassVar[type[ExecutionTrigger]] = DatalabExecutionTrigger

    def __init__(self, *, datalab_conn_id: str = "datalab_default", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.datalab_conn_id = conn_id("datalab_conn_id", datalab_conn_id)


class DatalabPipelineExecutionSensor(DatalabExecutionSensor):
    """
    Wait for an execution of a Datalab pipeline that another task, DAG or person has started.

    The request is "Get Pipeline Execution" of Datalab's API reference, https://documentation.datalab.to/. The task returns
    the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabRunPipelineOperator`.
    """

    hook_class = DatalabPipelineHook
    trigger_class = DatalabPipelineExecutionTrigger


class DatalabPipelineSensor(WorkflowSensor, DatalabPipelineExecutionSensor):
    """
    Wait for the newest execution of a Datalab pipeline that has begun since a given time, and that another system starts.

    The requests are "List Pipeline Executions" and "Get Pipeline Execution" of Datalab's API reference,
    https://documentation.datalab.to/. The task returns the same record as
    :class:`~airflow_workflow_providers.operators.datalab.DatalabRunPipelineOperator`.

    :param pipeline_id: the pipeline, ``pl_...`` (templated).
    """

    template_fields = ("pipeline_id", "started_after", "datalab_conn_id")
    listed_by = workflow_field = "pipeline_id"

    def __init__(self, *, pipeline_id: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.pipeline_id = pipeline_id
        self.validate_at_parse()


class DatalabConvertExecutionSensor(DatalabExecutionSensor):
    """
    Wait for a conversion of a document by Datalab that another task, DAG or person has started; ``execution_id`` is its ``request_id``.

    The request is the result check of "Convert Document" in Datalab's API reference, https://documentation.datalab.to/. The
    task returns the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabConvertOperator`.
    """

    hook_class = DatalabConvertHook
    trigger_class = DatalabConvertExecutionTrigger


class DatalabExtractExecutionSensor(DatalabExecutionSensor):
    """
    Wait for an extraction from a document by Datalab that another task, DAG or person has started; ``execution_id`` is its ``request_id``.

    The request is the result check of "Extract Document" in Datalab's API reference, https://documentation.datalab.to/. The
    task returns the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabExtractOperator`.
    """

    hook_class = DatalabExtractHook
    trigger_class = DatalabExtractExecutionTrigger


class DatalabSegmentExecutionSensor(DatalabExecutionSensor):
    """
    Wait for a segmentation of a document by Datalab that another task, DAG or person has started; ``execution_id`` is its ``request_id``.

    The request is the result check of "Segment Document" in Datalab's API reference, https://documentation.datalab.to/. The
    task returns the same record as :class:`~airflow_workflow_providers.operators.datalab.DatalabSegmentOperator`.
    """

    hook_class = DatalabSegmentHook
    trigger_class = DatalabSegmentExecutionTrigger
