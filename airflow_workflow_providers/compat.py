"""The differences between Airflow 3.1 and 3.4, found by feature detection and not by version numbers."""

import functools
from contextlib import suppress
from typing import Any

from airflow.providers.common.compat.sdk import XCom, mask_secret
from airflow.sdk import exceptions as sdk_exceptions
from airflow.sdk.execution_time import hitl
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

try:
    from airflow.providers.common.compat.sdk import SET_DURING_EXECUTION
except ImportError:  # of an older release of that provider
    from airflow.sdk.definitions._internal.types import SET_DURING_EXECUTION

try:
    from airflow.triggers.shared_stream import SharedStreamProducer

    #: Airflow 3.3 tells a watcher which of its events are stored.
    CONFIRMS_EVENTS = True
except ImportError:  # before 3.3
    CONFIRMS_EVENTS = False

    class SharedStreamProducer:  # type: ignore[no-redef]
        """Nothing: there are no shared streams."""


try:
    from airflow.sdk.definitions.retry_policy import RetryAction
except ImportError:  # before 3.3
    RetryAction = None  # type: ignore[assignment, misc]

try:
    from airflow.providers.common.compat.sdk import Stats
except ImportError:  # of an older release of that provider
    from airflow.stats import Stats

#: Imported here for others.
__all__ = [
    "SET_DURING_EXECUTION",
    "SharedStreamProducer",
    "Stats",
    "TaskDeferralError",
    "TaskDeferralTimeout",
]

#: Airflow 3.3 calls ``on_kill`` of a trigger; before that it only cancels a trigger, without a reason.
HAS_TRIGGER_ON_KILL = hasattr(BaseTrigger, "on_kill")

#: Since Airflow 3.3 a person's answer under *Required Actions* resumes a deferred task; that release has this error, too.
HAS_REQUIRED_ACTIONS = hasattr(sdk_exceptions, "TaskAwaitingInput")

#: From Airflow 3.4 on a clear deletes what a task has stored, unless the person who clears keeps it; that release has this action, too.
CLEAR_DELETES_STORE = hasattr(RetryAction, "RESCHEDULE")

#: Whether the next try of a cleared task does not know what the task has stored. Before Airflow 3.3 nothing is stored.
FORGETS_ON_CLEAR = CLEAR_DELETES_STORE or not HAS_TRIGGER_ON_KILL


@functools.cache
def takes_quick_events() -> bool:
    """
    Whether the scheduler bears a trigger that sends its event at once, as from Airflow 3.4 on.

    Its executors name what has ended by the id of a task instance. It is imported only when a trigger runs: a DAG file needs no executor.
    """
    try:
        from airflow.executors.workloads import types  # noqa: PLC0415  # see above
    except ImportError:
        return False
    return hasattr(types, "TaskInstanceUuid")


#: The secrets that this process has registered with Airflow's masker; each call is a request to the task's supervisor,
#: which writes the logs. Hashes, because a set of secrets would be one more place that holds them.
_masked: set[int] = set()


def _unmasked(secrets: tuple[str, ...]) -> Any:  # a list of text, which mypy does not take for JSON
    new = [secret for secret in secrets if hash(secret) not in _masked]
    _masked.update(map(hash, new))
    return new


def mask(*secrets: str) -> None:
    """
    Register secrets with Airflow's masker, each once in a process, and those of a call with one request.

    :param secrets: what logs must not show.
    """
    if new := _unmasked(secrets):
        mask_secret(new)


async def amask(*secrets: str) -> None:
    """
    Do the same as :func:`mask`, on an event loop.

    :param secrets: what logs must not show.
    """
    if new := _unmasked(secrets):
        await amask_secret(new)


def stats() -> Any:
    """
    Return Airflow's metrics, ready to be told something.

    Since Airflow 3.2 they read their settings when a task begins, or when Airflow's serialisation is imported. The process of a
    triggerer begins no task.
    """
    with suppress(ImportError):  # before 3.2 they read their settings by themselves
        import airflow.sdk.serde  # noqa: F401, PLC0415  # it takes a while, and most processes that import this emit nothing
    return Stats


def state_store(context: Any) -> Any | None:
    """Return the store that outlives a try, or ``None`` before Airflow 3.3."""
    return context.get("task_state_store")


def asset_stores(trigger: Any) -> list[Any]:
    """
    Return the stores that outlive a watcher, one for each asset that it watches.

    :param trigger: the trigger of an asset.
    :return: an empty list before Airflow 3.3, and for a trigger that belongs to no asset.
    """
    stores = getattr(trigger, "asset_state_store", None)
    if stores is None:
        return []
    # Its own methods are for one asset; a trigger is not told the names of its assets.
    by_name = getattr(stores, "_by_name", None)
    return list(by_name.values()) if by_name else [stores]


async def read_xcom(task_key: dict[str, Any], key: str) -> Any:
    """
    Return an XCom of a task, from its trigger.

    :param task_key: the result of :func:`task_key`.
    :param key: of the XCom.
    :return: ``None`` if there is none.
    """
    return await sync_to_async(XCom.get_one)(key=key, **task_key)


async def write_xcom(task_key: dict[str, Any], key: str, value: Any) -> None:
    """
    Store an XCom of a task, from its trigger.

    :param task_key: the result of :func:`task_key`.
    :param key: of the XCom.
    :param value: plain JSON.
    """
    await sync_to_async(XCom.set)(key, value, **task_key)


def task_key(task_instance: Any) -> dict[str, Any]:
    """Return what names a task to Airflow's XCom; a trigger of ``dag.test()`` has no task instance that could say it."""
    return {
        "dag_id": task_instance.dag_id,
        "task_id": task_instance.task_id,
        "run_id": task_instance.run_id,
        "map_index": task_instance.map_index,
    }


def ask(task_instance: Any, options: list[str], subject: str, body: str) -> None:
    """
    Show a question under *Required Actions*, from the worker of a task.

    A task has one question over all its tries. If it has asked before, that question is open again, with its old subject and body.

    :param task_instance: the task.
    :param options: the answers, of which a person chooses one.
    :param subject: one line.
    :param body: Markdown.
    """
    # Airflow rejects its own default of params.
    hitl.upsert_hitl_detail(ti_id=task_instance.id, options=options, subject=subject, body=body, params={})


async def read_answer(task_instance: Any) -> tuple[list[str], bool] | None:
    """
    Read the answer to the question of a task, from its trigger: Airflow has no such request for a worker.

    :param task_instance: the one that the triggerer sets on a trigger.
    :return: the chosen options, and whether a person has chosen them, and not :func:`answer`; ``None`` if there is no answer yet.
    """
    found = await sync_to_async(hitl.get_hitl_detail_content_detail)(ti_id=task_instance.id)
    if not found.response_received:
        return None
    return list(found.chosen_options or ()), found.responded_by_user is not None


async def answered_at(task_instance: Any) -> float | None:
    """
    Return when a person has answered the question of a task, in seconds since the epoch, from its trigger.

    :param task_instance: the one that the triggerer sets on a trigger.
    :return: ``None`` if there is no question, or no answer of a person.
    :raises Exception: whatever Airflow raises if it cannot be asked.
    """
    try:
        found = await sync_to_async(hitl.get_hitl_detail_content_detail)(ti_id=task_instance.id)
    except sdk_exceptions.AirflowRuntimeError as error:
        if (error.error.detail or {}).get("status_code") == 404:  # there is no question
            return None
        raise
    if not found.response_received or found.responded_by_user is None or found.responded_at is None:
        return None
    return float(found.responded_at.timestamp())


async def answer(task_instance: Any, option: str) -> None:
    """
    Answer the question of a task, from its trigger, so that nobody is asked any more. This does not resume the task.

    :param task_instance: the one that the triggerer sets on a trigger.
    :param option: one of the options.
    """
    await sync_to_async(hitl.update_hitl_detail_response)(
        ti_id=task_instance.id, chosen_options=[option], params_input={}
    )


async def task_state(task_instance: Any) -> str:
    """
    Return the current state of a task in Airflow: ``none`` if it has no state, ``removed`` if the task is gone.

    :param task_instance: the one that the triggerer sets on a trigger.
    """
    states = await sync_to_async(RuntimeTaskInstance.get_task_states)(
        dag_id=task_instance.dag_id,
        task_ids=[task_instance.task_id],
        run_ids=[task_instance.run_id],
        map_index=task_instance.map_index,
    )
    # The result for one task of one run: {run_id: {task_id or task_id_map_index: state}}.
    for by_task in states.values():
        for state in by_task.values():
            return "none" if state is None else str(getattr(state, "value", state))
    return "removed"
