"""
A task over its tries, with what Airflow keeps for it, in this process and without a database.

It stands in for Airflow, not for our code: operators and triggers are made anew wherever Airflow would make them anew,
and all that Airflow would store goes through JSON. That the real one behaves so is shown in ``tests/airflow``.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_workflow_providers.triggers.base import ExecutionTrigger


class TaskInstance:
    """What ``context["ti"]`` is used for."""

    def __init__(self, task_id: str, max_tries: int, xcom: dict[str, Any]) -> None:
        self.task_id = task_id
        self.dag_id, self.run_id, self.map_index = "law", "run", -1
        self.max_tries = max_tries
        self._xcom = xcom

    def xcom_push(self, key: str, value: Any) -> None:
        self._xcom[key] = _stored(value)

    def xcom_pull(self, task_ids: str, key: str, map_indexes: int) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self._xcom.get(key)


class StateStore(dict[str, Any]):
    """What ``context["task_state_store"]`` is used for; it outlives a try."""

    def set(self, key: str, value: Any) -> None:
        self[key] = _stored(value)

    def delete(self, key: str) -> None:
        self.pop(key, None)


class Task:
    """
    One task instance.

    :param make: makes the operator; called once for each process that Airflow would start.
    :param retries: the task's own.
    :param store: False for an Airflow without a state store (3.1, 3.2).
    """

    def __init__(self, make: Callable[[], Any], *, retries: int = 0, store: bool = True) -> None:
        self.make = make
        self.retries = retries
        self.max_tries = retries
        self.store = StateStore() if store else None
        self.xcom: dict[str, Any] = {}
        self.deferrals: list[dict[str, Any]] = []
        self.events: list[Any] = []
        self.errors: list[BaseException] = []
        self.tries = 0
        self.operator: Any = None

    def run(self) -> Any:
        """Run tries until one succeeds, none is left, or an error forbids another."""
        while True:
            try:
                return self.try_once()
            except Exception as error:
                self.errors.append(error)
                if isinstance(error, AirflowFailException) or self.tries > self.max_tries:
                    raise

    def try_once(self) -> Any:
        """Run one try to its end, through the triggerer if it defers."""
        try:
            return self.execute()
        except TaskDeferred as deferred:
            return self.resume(deferred, self.fire(deferred))

    def execute(self) -> Any:
        """Run the worker's part of a try; raises ``TaskDeferred`` where the operator does."""
        self.tries += 1
        self.xcom.clear()
        self.operator = self.make()
        result = self.operator.execute(self.context(self.operator))
        self.xcom["return_value"] = _stored(result)
        return result

    def fire(self, deferred: TaskDeferred) -> Any:
        """Run the trigger of a deferral to its event."""
        return asyncio.run(first_event(self.trigger(deferred)))

    def trigger(self, deferred: TaskDeferred) -> ExecutionTrigger:
        """Make the trigger of a deferral as a triggerer would: from what was stored."""
        path, kwargs = deferred.trigger.serialize()
        self.deferrals.append(_stored(kwargs))
        cls = type(deferred.trigger)
        assert path == f"{cls.__module__}.{cls.__qualname__}"
        trigger = cls(**_stored(kwargs))
        trigger.task_instance = TaskInstance(self.operator.task_id, self.max_tries, self.xcom)
        return trigger

    def resume(self, deferred: TaskDeferred, event: Any) -> Any:
        """Run the worker's part after an event."""
        self.events.append(event)
        self.operator = self.make()
        kwargs = {**(deferred.kwargs or {}), "event": _stored(event)}
        result = self.operator.resume_execution(deferred.method_name, kwargs, self.context(self.operator))
        self.xcom["return_value"] = _stored(result)
        return result

    def clear(self) -> None:
        """Do what a person's clear does: tries count on, and more are allowed."""
        self.max_tries = self.tries + self.retries

    def context(self, operator: Any) -> dict[str, Any]:
        """Return what Airflow passes to the operator."""
        context: dict[str, Any] = {"ti": TaskInstance(operator.task_id, self.max_tries, self.xcom)}
        if self.store is not None:
            context["task_state_store"] = self.store
        return context

    def everything_kept(self) -> str:
        """Return all that Airflow would store or print of this task, as text."""
        errors = ["".join(traceback.format_exception(error)) + repr(error) for error in self.errors]
        return json.dumps([self.xcom, self.store, self.deferrals, self.events, errors, repr(self.operator)])


async def first_event(trigger: ExecutionTrigger) -> Any:
    """Run a trigger until it speaks; it must speak once, and then end."""
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    return events[0]


def outcome(task: Task) -> tuple[str, Any]:
    """Return how a task ends: its record or the class of its error, without what differs from run to run."""
    try:
        record = task.run()
    except Exception as error:  # noqa: BLE001  # the class is what is compared
        return "error", type(error).__name__
    return "record", {**record, "execution_id": "...", "url": "..."}


def new_id() -> str:
    """Return an id that no vendor knows."""
    return uuid4().hex[:24]


def _stored(value: Any) -> Any:
    """Take a value through what Airflow stores: plain JSON, or an error."""
    return json.loads(json.dumps(value, allow_nan=False))
