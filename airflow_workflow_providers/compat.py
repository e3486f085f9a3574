"""What differs between Airflow 3.1 and 3.3, told apart by what is there, not by version numbers."""

from __future__ import annotations

from typing import Any

from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import BaseTrigger
from asgiref.sync import sync_to_async

try:
    from airflow.sdk.exceptions import TaskDeferralError, TaskDeferralTimeout
except ImportError:  # before 3.2
    from airflow.exceptions import TaskDeferralError, TaskDeferralTimeout  # type: ignore[no-redef]

__all__ = [
    "TRIGGER_HEARS_KILLS",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "state_store",
    "task_state",
]

#: Airflow 3.3 calls ``on_kill`` of a trigger; before that a trigger is only cancelled, without being told why.
TRIGGER_HEARS_KILLS = hasattr(BaseTrigger, "on_kill")


def state_store(context: Any) -> Any | None:
    """Return the store that survives a retry, or ``None`` before Airflow 3.3."""
    return context.get("task_state_store")


async def task_state(task_instance: Any) -> str:
    """
    Return the state that Airflow has for a task now: ``none`` if it has none, ``removed`` if the task is gone.

    :param task_instance: as the triggerer gives it to a trigger.
    """
    states = await sync_to_async(RuntimeTaskInstance.get_task_states)(
        dag_id=task_instance.dag_id,
        task_ids=[task_instance.task_id],
        run_ids=[task_instance.run_id],
        map_index=task_instance.map_index,
    )
    # One task of one run was asked for: {run_id: {task_id or task_id_map_index: state}}.
    for by_task in states.values():
        for state in by_task.values():
            return "none" if state is None else str(getattr(state, "value", state))
    return "removed"
