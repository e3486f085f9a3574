"""Altostrat SDX."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.decorators.base import InputOperator, decorator
from airflow_workflow_providers.operators.altostrat import AltostratExecuteWorkflowOperator

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import TaskDecorator


class AltostratExecuteWorkflowDecoratedOperator(InputOperator, AltostratExecuteWorkflowOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.altostrat``."""

    custom_operator_name = "@task.altostrat"
    returned = "context"


def altostrat_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``context``, a JSON object.

    The other parameters are those of :class:`.AltostratExecuteWorkflowOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(AltostratExecuteWorkflowDecoratedOperator, python_callable, **kwargs)
