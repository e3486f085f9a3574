"""Altostrat SDX."""

from __future__ import annotations

from airflow_workflow_providers.hooks.altostrat import AltostratHook
from airflow_workflow_providers.triggers.base import ExecutionTrigger


class AltostratExecutionTrigger(ExecutionTrigger):
    """Waits for a run of an Altostrat workflow; parameters as in :class:`~.base.ExecutionTrigger`."""

    hook_class = AltostratHook
