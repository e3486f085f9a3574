"""Laminar (now Minicor)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_workflow_providers.decorators.base import InputOperator, decorator
from airflow_workflow_providers.operators.laminar import (
    LaminarExecuteWorkflowOperator,
    LaminarRunJobOperator,
)

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import TaskDecorator


class LaminarExecuteWorkflowDecoratedOperator(InputOperator, LaminarExecuteWorkflowOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.laminar``."""

    custom_operator_name = "@task.laminar"
    returned = "payload"


class LaminarRunJobDecoratedOperator(InputOperator, LaminarRunJobOperator):  # type: ignore[misc]  # as in Airflow's own decorators
    """The operator of ``@task.laminar_job``."""

    custom_operator_name = "@task.laminar_job"
    returned = "payload"


def laminar_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``payload``, JSON, or a text.

    The other parameters are those of :class:`.LaminarExecuteWorkflowOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(LaminarExecuteWorkflowDecoratedOperator, python_callable, **kwargs)


def laminar_job_task(python_callable: Callable[..., Any] | None = None, **kwargs: Any) -> TaskDecorator:
    """
    Make a task of a function that returns ``payload``, a JSON object.

    The other parameters are those of :class:`.LaminarRunJobOperator`, and ``multiple_outputs``.

    :param python_callable: the function.
    :return: what Airflow makes tasks with: call it in a DAG, or its ``expand``.
    """
    return decorator(LaminarRunJobDecoratedOperator, python_callable, **kwargs)
