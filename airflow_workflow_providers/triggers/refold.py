"""Refold (formerly Cobalt)."""

from __future__ import annotations

from airflow_workflow_providers.hooks.refold import RefoldHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class RefoldExecutionTrigger(ExecutionTrigger):
    """Waits for a Refold execution; parameters as in :class:`~.base.ExecutionTrigger`."""

    hook_class = RefoldHook
