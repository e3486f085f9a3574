"""PromptLayer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.decorators.base import InputOperator, decorator
from airflow_workflow_providers.operators.promptlayer import PromptLayerExecuteWorkflowOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import TaskDecorator


class PromptLayerExecuteWorkflowDecoratedOperator(InputOperator, PromptLayerExecuteWorkflowOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.promptlayer``."""

    custom_operator_name = "@task.promptlayer"
    returned = "input_variables"


def promptlayer_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``input_variables``, a JSON object.

    The other parameters are those of :class:`.PromptLayerExecuteWorkflowOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(PromptLayerExecuteWorkflowDecoratedOperator, python_callable, **kwargs)
