"""What differs between Airflow 3.1 and 3.3, told apart by what is there, not by version numbers."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import mask_secret
from airflow.sdk.execution_time.task_runner import RuntimeTaskInstance
from airflow.triggers.base import BaseTrigger
from asgiref.sync import sync_to_async

try:
    from airflow.sdk.exceptions import TaskDeferralError, TaskDeferralTimeout
except ImportError:  # before 3.2
    from airflow.exceptions import TaskDeferralError, TaskDeferralTimeout  # type: ignore[no-redef]

try:
    from airflow.sdk.log import amask_secret
except ImportError:  # before 3.2
    amask_secret = sync_to_async(mask_secret)

__all__ = [
    "TRIGGER_HEARS_KILLS",
    "TaskDeferralError",
    "TaskDeferralTimeout",
    "amask",
    "mask",
    "state_store",
    "task_state",
]

#: Airflow 3.3 calls ``on_kill`` of a trigger; before that a trigger is only cancelled, without being told why.
TRIGGER_HEARS_KILLS = hasattr(BaseTrigger, "on_kill")


#: The secrets that this process has told Airflow's masker; each call is a request to Airflow. As hashes: a set of
#: secrets would be one more place to find them in.
_masked: set[int] = set()


def _unmasked(secrets: tuple[str, ...]) -> list[str]:
    new = [secret for secret in secrets if hash(secret) not in _masked]
    _masked.update(map(hash, new))
    return new


def mask(*secrets: str) -> None:
    """
    Let Airflow mask secrets in logs; each is told once in a process.

    :param secrets: what must not be shown.
    """
    for secret in _unmasked(secrets):
        mask_secret(secret)


async def amask(*secrets: str) -> None:
    """
    Do what :func:`mask` does, on an event loop.

    :param secrets: what must not be shown.
    """
    for secret in _unmasked(secrets):
        await amask_secret(secret)


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
