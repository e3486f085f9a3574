"""Datalab."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.decorators.base import InputOperator, decorator
from airflow_workflow_providers.operators.datalab import (
    DatalabExecuteWorkflowOperator,
    DatalabRunPipelineOperator,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import TaskDecorator


class DatalabExecuteWorkflowDecoratedOperator(InputOperator, DatalabExecuteWorkflowOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.datalab``."""

    custom_operator_name = "@task.datalab"
    returned = "input_config"


class DatalabRunPipelineDecoratedOperator(InputOperator, DatalabRunPipelineOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.datalab_pipeline``."""

    custom_operator_name = "@task.datalab_pipeline"
    returned = "file"


def datalab_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``input_config``, a JSON object.

    The other parameters are those of :class:`.DatalabExecuteWorkflowOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(DatalabExecuteWorkflowDecoratedOperator, python_callable, **kwargs)


def datalab_pipeline_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``file``, the address of a file.

    The other parameters are those of :class:`.DatalabRunPipelineOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(DatalabRunPipelineDecoratedOperator, python_callable, **kwargs)
