"""Laminar (now Minicor)."""

from __future__ import annotations

from airflow_workflow_providers.hooks.laminar import LaminarJobHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class LaminarJobExecutionTrigger(ExecutionTrigger):
    """Waits for an execution of a Laminar job; parameters as in :class:`~.base.ExecutionTrigger`."""

    hook_class = LaminarJobHook
