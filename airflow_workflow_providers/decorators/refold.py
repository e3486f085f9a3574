"""Refold."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.decorators.base import InputOperator, decorator
from airflow_workflow_providers.operators.refold import RefoldExecuteWorkflowOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import TaskDecorator


class RefoldExecuteWorkflowDecoratedOperator(InputOperator, RefoldExecuteWorkflowOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.refold``."""

    custom_operator_name = "@task.refold"
    returned = "payload"


def refold_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``payload``, a JSON object.

    The other parameters are those of :class:`.RefoldExecuteWorkflowOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(RefoldExecuteWorkflowDecoratedOperator, python_callable, **kwargs)
