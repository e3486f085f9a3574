"""
A task over all its tries, with what Airflow stores for it, in this process and without a database.

It replaces Airflow and not this package: it makes new operators and triggers where Airflow does, and everything that
Airflow stores goes through JSON. ``tests/airflow`` runs the same things on Airflow itself.
"""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from datetime import datetime, timezone
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from uuid import NAMESPACE_OID, uuid4, uuid5

from airflow.exceptions import AirflowRescheduleException
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred, XCom
from airflow.sdk.execution_time import hitl

from airflow_workflow_providers.triggers.base import WorkflowTrigger


class TaskInstance:
    """``context["ti"]``, as far as this package uses it."""

    def __init__(
        self,
        task_id: str,
        max_tries: int,
        xcom: dict[str, Any],
        rescheduled_at: datetime | None = None,
        *,
        try_number: int = 1,
    ) -> None:
        self.task_id = task_id
        self.try_number = try_number
        self.id = _id_of(task_id, try_number)
        self.rescheduled_at = rescheduled_at
        self.dag_id, self.run_id, self.map_index = "contract", "run", -1
        self.max_tries = max_tries
        self._xcom = xcom

    def xcom_push(self, key: str, value: Any) -> None:
        self._xcom[key] = _stored(value)

    def xcom_pull(self, task_ids: str, key: str, map_indexes: int) -> Any:
        assert (task_ids, map_indexes) == (self.task_id, self.map_index)
        return self._xcom.get(key)

    def get_first_reschedule_date(self, context: dict[str, Any]) -> datetime | None:
        return self.rescheduled_at


class StateStore(dict[str, Any]):
    """``context["task_state_store"]``, as far as this package uses it; a retry finds what is in it."""

    def set(self, key: str, value: Any) -> None:
        self[key] = _stored(value)

    def delete(self, key: str) -> None:
        self.pop(key, None)


class RequiredAction:
    """
    The question of a task to a person, as Airflow 3.3 stores it.

    There is one for all tries of a task: a second question keeps the text of the first one, and only its answer is dropped.
    """

    def __init__(self, ti_id: str, options: list[str], subject: str, body: str) -> None:
        self.ti_id, self.options, self.subject, self.body = ti_id, options, subject, body
        self.chosen: list[str] | None = None
        self.by_person = False

    @property
    def is_open(self) -> bool:
        """Whether it is shown to people, as far as its task is deferred."""
        return self.chosen is None


class Task:
    """
    One task instance.

    :param make: makes the operator; called once for each process that Airflow starts.
    :param retries: the retries of the task.
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
        self.triggers_cannot_write = False
        self.reschedules = 0
        self.rescheduled_at: datetime | None = None
        self.action: RequiredAction | None = None
        self.asked = 0
        self.cannot_ask = False

    def run(self) -> Any:
        """Run tries until one succeeds, there are no more retries, or an error does not allow a retry."""
        while True:
            try:
                return self.try_once()
            except Exception as error:
                self.errors.append(error)
                if isinstance(error, AirflowFailException) or self.tries > self.max_tries:
                    raise

    def try_once(self) -> Any:
        """Run one try to its end; if it defers, run its trigger too. It may defer again. A new process follows a reschedule."""
        step: Callable[[], Any] = self.execute
        while True:
            try:
                return step()
            except TaskDeferred as deferred:
                event = self.fire(deferred)
                step = partial(self.resume, deferred, event)
            except AirflowRescheduleException:
                self.reschedules += 1
                self.rescheduled_at = self.rescheduled_at or datetime.now(timezone.utc)
                self.tries -= 1
                step = self.execute

    def execute(self) -> Any:
        """Run the first part of a try, on the worker; ``TaskDeferred`` is raised if the operator defers."""
        self.tries += 1
        self.xcom.clear()
        self.operator = self.make()
        if self.action is not None:
            self.action.ti_id = self._id  # Airflow hands it on
        with self.actions_of_worker():
            result = self.operator.execute(self.context(self.operator))
        self.xcom["return_value"] = _stored(result)
        return result

    def fire(self, deferred: TaskDeferred) -> Any:
        """Run the trigger of a deferral until its event."""
        with self.xcom_of(), self.actions_of_trigger():
            return asyncio.run(first_event(self.trigger(deferred)))

    @contextmanager
    def xcom_of(self) -> Iterator[None]:
        """Let a trigger read and write the XCom of this task, as in a triggerer."""

        def get_one(*, key: str, **_: Any) -> Any:
            return self.xcom.get(key)

        def write(key: str, value: Any, **_: Any) -> None:
            if self.triggers_cannot_write:
                raise ConnectionError("the API server does not respond")
            self.xcom[key] = _stored(value)

        with patch.object(XCom, "get_one", get_one), patch.object(XCom, "set", write):
            yield

    @property
    def _id(self) -> str:
        return _id_of(self.operator.task_id, max(self.tries, 1))

    @contextmanager
    def actions_of_worker(self) -> Iterator[None]:
        """Let a worker ask a person; it can neither read nor write an answer."""

        def upsert(
            *, ti_id: str, options: list[str], subject: str, body: str, params: dict[str, Any]
        ) -> None:
            if self.cannot_ask:
                raise ConnectionError("the API server does not respond")
            assert params == {}
            assert ti_id == self._id
            self.asked += 1
            if self.action is None:
                self.action = RequiredAction(ti_id, _stored(options), _stored(subject), _stored(body))
            self.action.chosen, self.action.by_person = None, False

        def rejected(**_: Any) -> None:
            raise RuntimeError("Unhandled request")

        with (
            patch.object(hitl, "upsert_hitl_detail", upsert),
            patch.object(hitl, "get_hitl_detail_content_detail", rejected),
            patch.object(hitl, "update_hitl_detail_response", rejected, create=True),
        ):
            yield

    @contextmanager
    def actions_of_trigger(self) -> Iterator[None]:
        """Let a trigger read and write the answer of a person; it cannot ask."""

        def found(ti_id: str) -> RequiredAction:
            if self.action is None or self.action.ti_id != ti_id:
                raise RuntimeError("HITLDetail not found")
            return self.action

        def read(*, ti_id: str) -> SimpleNamespace:
            action = found(ti_id)
            user = SimpleNamespace(id="7", name="Ada") if action.by_person else None
            return SimpleNamespace(
                response_received=not action.is_open,
                chosen_options=action.chosen,
                responded_by_user=user,
            )

        def update(*, ti_id: str, chosen_options: list[str], params_input: dict[str, Any]) -> None:
            action = found(ti_id)
            if not action.is_open:
                raise RuntimeError("it is answered already")
            assert params_input == {}
            action.chosen = chosen_options

        with (
            patch.object(hitl, "get_hitl_detail_content_detail", read),
            patch.object(hitl, "update_hitl_detail_response", update, create=True),
        ):
            yield

    def answer(self, option: str) -> dict[str, Any]:
        """Do what a person does under *Required Actions*; return the event with which Airflow resumes a deferred task."""
        action = self.action
        assert action is not None
        assert action.is_open
        assert option in action.options
        action.chosen, action.by_person = [option], True
        now = datetime.now(timezone.utc).isoformat()
        user = {"id": "7", "name": "Ada"}
        return {
            "chosen_options": [option],
            "params_input": {},
            "responded_at": now,
            "responded_by_user": user,
            "timedout": False,
        }

    def trigger(self, deferred: TaskDeferred) -> WorkflowTrigger:
        """Make the trigger of a deferral as a triggerer does, from what is stored."""
        path, kwargs = deferred.trigger.serialize()
        self.deferrals.append(_stored(kwargs))
        cls = type(deferred.trigger)
        assert path == f"{cls.__module__}.{cls.__qualname__}"
        trigger = cls(**_stored(kwargs))
        trigger.task_instance = TaskInstance(
            self.operator.task_id, self.max_tries, self.xcom, try_number=max(self.tries, 1)
        )
        return trigger

    def resume(self, deferred: TaskDeferred, event: Any) -> Any:
        """Run the part of a try that follows an event, on the worker."""
        self.events.append(event)
        self.operator = self.make()
        kwargs = {**_stored(deferred.kwargs or {}), "event": _stored(event)}
        with self.actions_of_worker():
            result = self.operator.resume_execution(deferred.method_name, kwargs, self.context(self.operator))
        self.xcom["return_value"] = _stored(result)
        return result

    def resume_with_error(self, error: str) -> Any:
        """Resume after a deferral that failed, with an error of Airflow's: "Trigger timeout" or "Trigger failure"."""
        self.operator = self.make()
        return self.operator.resume_execution("__fail__", {"error": error}, self.context(self.operator))

    def clear(self, *, keep: bool = True) -> None:
        """
        Clear the task, as a person does: the number of tries continues, and more of them are allowed.

        :param keep: whether Airflow keeps what the task has stored; from 3.4 on it does so only if the person says so.
        """
        self.max_tries = self.tries + self.retries
        if self.store is not None and not keep:
            self.store.clear()

    def context(self, operator: Any) -> dict[str, Any]:
        """Return the context that Airflow passes to the operator."""
        ti = TaskInstance(
            operator.task_id,
            self.max_tries,
            self.xcom,
            self.rescheduled_at,
            try_number=max(self.tries, 1),
        )
        context: dict[str, Any] = {"ti": ti}
        if self.store is not None:
            context["task_state_store"] = self.store
        return context

    def everything_kept(self) -> str:
        """Return all that Airflow stores or prints of this task, as text."""
        errors = ["".join(traceback.format_exception(error)) + repr(error) for error in self.errors]
        return json.dumps([self.xcom, self.store, self.deferrals, self.events, errors, repr(self.operator)])


async def first_event(trigger: WorkflowTrigger) -> Any:
    """Run a trigger to its end, and return its event; it must send exactly one."""
    events = [event.payload async for event in trigger.run()]
    assert len(events) == 1
    return events[0]


def outcome(task: Task) -> tuple[str, Any]:
    """Return the record of a task, or the class of its error, without what is different for each run."""
    try:
        record = task.run()
    except Exception as error:  # noqa: BLE001  # the class is what is compared
        return "error", type(error).__name__
    return "record", {**record, "execution_id": "...", "url": "..."}


def new_id() -> str:
    """Return an execution id that no vendor knows."""
    return uuid4().hex[:24]


def _id_of(task_id: str, try_number: int) -> str:
    """Return the id of a task instance; Airflow has another one for each try."""
    return str(uuid5(NAMESPACE_OID, f"{task_id}-{try_number}"))


def _stored(value: Any) -> Any:
    """Return a value as Airflow stores it: as plain JSON, or there is an error."""
    return json.loads(json.dumps(value, allow_nan=False))


class AssetStore(dict[str, Any]):
    """The state store of an asset, as far as a watcher uses it; the next process finds what is in it."""

    fails = False
    attempts = 0

    async def aget(self, key: str) -> Any:
        self._attempt()
        return self.get(key)

    async def aset(self, key: str, value: Any) -> None:
        self._attempt()
        self[key] = _stored(value)

    def _attempt(self) -> None:
        self.attempts += 1
        if self.fails:
            raise ConnectionError("the API server does not respond")


class Triggerer:
    """
    A triggerer with the watcher of one asset, and the database with its events.

    On Airflow 3.3 the events come through Airflow's own streams, which tell the watcher what is stored.

    :param store: False for a watcher without a state store (Airflow 3.1, 3.2).
    """

    def __init__(self, *, store: bool = True) -> None:
        self.store = AssetStore() if store else None
        self.events: list[Any] = []
        self.not_stored: list[Any] = []
        self.stores_events = True

    @property
    def ids(self) -> list[str]:
        """The runs of the events that are in the database."""
        return [event["execution_id"] for event in self.events]

    @asynccontextmanager
    async def runs(self, watcher: Any) -> AsyncIterator[None]:
        """Run a watcher in a process of its own, and kill it at the end."""
        path, kwargs = watcher.serialize()
        assert path == f"{type(watcher).__module__}.{type(watcher).__qualname__}"
        trigger = type(watcher)(**_stored(kwargs))
        assert trigger.serialize() == watcher.serialize() == (path, _stored(kwargs))
        trigger.trigger_id = 1
        trigger.asset_state_store = self.store
        task = asyncio.create_task(self._run(trigger))
        try:
            yield
            assert not task.done(), "the watcher has ended by itself"
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _run(self, trigger: Any) -> None:
        key = trigger.shared_stream_key()
        if key is None:
            async with aclosing(trigger.run()) as events:
                async for event in events:
                    self._store_event(event)
            return
        from airflow.triggers.shared_stream import SharedStreamManager  # noqa: PLC0415  # Airflow 3.3

        streams = SharedStreamManager()
        stream = streams.subscribe(trigger_id=1, trigger=trigger, key=key)
        try:
            async for event in trigger.filter_shared_stream(stream):
                number = streams.bind_pending_event(trigger_id=1, key=key)
                if self._store_event(event):
                    streams.confirm_persisted([number])
        finally:
            await streams.unsubscribe(1, key)

    def _store_event(self, event: Any) -> bool:
        (self.events if self.stores_events else self.not_stored).append(_stored(event.payload))
        return self.stores_events
