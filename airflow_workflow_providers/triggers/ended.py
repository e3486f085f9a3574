"""The trigger of an asset: an event for each run of a workflow that has ended, whoever has started it."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Hashable, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta, timezone
from typing import Any, ClassVar, TypeAlias
from weakref import WeakValueDictionary

from airflow.triggers.base import BaseEventTrigger, TriggerEvent

from airflow_workflow_providers import compat
from airflow_workflow_providers.core.endpoint import Endpoint
from airflow_workflow_providers.core.errors import (
    InvalidInput,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
    WorkflowError,
)
from airflow_workflow_providers.core.execution import TERMINAL_STATES, State
from airflow_workflow_providers.core.parameters import moment, quoted, seconds, segment
from airflow_workflow_providers.core.watcher import OVERLAP, EndedRun, Watcher
from airflow_workflow_providers.hooks.base import WorkflowHook
from airflow_workflow_providers.settings import min_poll_interval

#: Seconds between two readings of the list, unless the author sets them.
POLL_INTERVAL = 60.0

#: The longest pause after a failure that may pass, in seconds.
MAX_PAUSE = 300.0

#: The pause after credentials were rejected, or anything else that a person has to change, in seconds. A watcher has no task that
#: could fail.
REJECTED_PAUSE = 300.0

#: How long a reading of the list with its checks may take, in seconds.
READING_LIMIT = 600.0

#: An event, and what is stored once the event is; ``None``: nothing yet.
EventAndState: TypeAlias = tuple[dict[str, Any], dict[str, Any] | None]

# Airflow makes the producer of a stream from the parameters alone, and the store is only in the trigger.
_watching: WeakValueDictionary[Hashable, "WorkflowEndedTrigger"] = WeakValueDictionary()


class WorkflowEndedTrigger(BaseEventTrigger):
    """
    Send an event for each run of a workflow that has ended, whoever has started it: the trigger of an ``AssetWatcher``.

    An event is an object: ``version`` (1), ``workflow_id``, ``execution_id``, ``state`` (ours), ``status`` (the vendor's),
    ``started_at`` and ``ended_at``, in ISO 8601 and in UTC; ``ended_at`` is null if the vendor's list does not say it. It has no
    output, because Airflow shows events to everybody who can see the asset.

    Airflow stores these parameters, so they are a format: plain JSON, with a version, and ``conn_id`` is the only reference
    to credentials.

    :param conn_id: the connection.
    :param workflow_id: the workflow, by its id.
    :param states: the states that are an event, of ``succeeded``, ``partial``, ``failed`` and ``stopped``; default: ``succeeded``.
    :param poll_interval: seconds, or a timedelta, between two readings of the vendor's list; default: 60 s. A smaller value than
        ``[workflow_providers] min_poll_interval`` is raised to it.
    :param since: watch the runs that have begun at this fixed time or later, a datetime or a text in ISO 8601, in UTC unless it says
        otherwise. Default: the runs that end after the watcher's first start.
    :param version: of this list of parameters.
    """

    hook_class: ClassVar[type[WorkflowHook]]

    #: The parameters that only this vendor's trigger has, besides those that choose the account.
    own_names: ClassVar[tuple[str, ...]] = ()

    def __init__(
        self,
        *,
        conn_id: str,
        workflow_id: str,
        states: Collection[str] = (State.SUCCEEDED.value,),
        poll_interval: float | timedelta = POLL_INTERVAL,
        since: datetime | str | None = None,
        version: int = 1,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # Airflow leaves it untyped
        segment("workflow_id", workflow_id)
        self.conn_id = conn_id
        self.workflow_id = str(workflow_id)
        self.states = _states(states)
        self.poll_interval = seconds("poll_interval", poll_interval)
        # Always the same text, because Airflow starts another watcher if a parameter changes.
        self.since = None if since is None else _text_of(moment("since", since))
        self.version = version
        self._new_hook()
        self.unstored_events = 0
        self._stored: dict[str, Any] = {}
        self._trouble = ""

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """
        Return the class and the parameters that make this trigger again in another process.

        :return: the class with its module, and the parameters of the class by name, as plain JSON.
        """
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "conn_id": self.conn_id,
                "workflow_id": self.workflow_id,
                "states": self.states,
                "poll_interval": self.poll_interval,
                "since": self.since,
                "version": self.version,
                **{name: getattr(self, name) for name in self.own_names},
                **self.hook_class.account_of(self),
            },
        )

    # -- what the triggerer calls -----------------------------------------------------------------------------

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """
        Watch, without a store: on Airflow before 3.3.

        :yield: an event for each run that has ended.
        """
        async with aclosing(self.watch()) as steps:
            async for event, _ in steps:
                yield TriggerEvent(event)

    def shared_stream_key(self) -> Hashable | None:
        """
        Return the name of this trigger's stream, which no other trigger has.

        Only a stream is told which of its events Airflow has stored (3.3).

        :return: ``None`` if there is no store: then Airflow calls :meth:`run`.
        """
        if not compat.CONFIRMS_EVENTS or not compat.asset_stores(self):
            return None
        key = _key(type(self), self.serialize()[1])
        _watching[key] = self
        return key

    @classmethod
    def create_shared_stream_producer(cls, kwargs: dict[str, Any]) -> Any:
        """
        Return what watches, and stores what was seen once the events are stored.

        :param kwargs: the parameters of the trigger.
        :return: for one trigger, because no other has its stream.
        """
        return StoringProducer(_watching[_key(cls, kwargs)])

    async def filter_shared_stream(self, shared_stream: AsyncIterator[Any]) -> AsyncIterator[TriggerEvent]:
        """
        Pass on the events of the stream, which has no others.

        :param shared_stream: the events.
        :yield: each of them.
        """
        async for event in shared_stream:
            yield TriggerEvent(event)

    # -- the watch --------------------------------------------------------------------------------------------

    async def watch(self) -> AsyncGenerator[EventAndState, None]:
        """
        Watch for ever.

        :yield: each event, with what :meth:`store` is to store once the event is stored.
        """
        watcher: Watcher | None = None
        failures = 0
        while True:
            try:
                async with self.hook.async_client() as client:
                    while True:
                        endpoint = await client.open()
                        if watcher is None or watcher.account != endpoint.account:
                            watcher = await self._read_store(endpoint)
                        reading = await client.run(
                            watcher.read(self._page(endpoint), endpoint.get_status, time.time()),
                            attempts=1,
                            budget=READING_LIMIT,
                        )
                        for line in reading.log:
                            self.log.warning("%s: %s", self._name, line)
                        events = [self.event(run) for run in reading.ended if self.is_wanted(run)]
                        for number, event in enumerate(events, 1):
                            # What is stored after the last one holds for all.
                            yield event, watcher.stored() if number == len(events) else None
                        if not self.unstored_events:
                            await self._store_changes(watcher)
                        if reading.failure:
                            failure = reading.failure
                            break
                        failures = 0
                        if self._trouble:
                            self._trouble = ""
                            self.log.info("%s can be read again.", self._name)
                        await asyncio.sleep(min_poll_interval() if reading.more else self._interval)
            except WorkflowError as error:
                failure = error
            failures += 1
            self._report(failure)
            # With the client, the connection is read again.
            self._new_hook()
            await asyncio.sleep(self._pause(failure, failures))

    async def store(self, stored: dict[str, Any]) -> None:
        """
        Store what the watcher knows, for the next process.

        :param stored: plain JSON. If it cannot be stored, that is logged: the next process sends some events again.
        """
        self._stored = stored
        try:
            for each in compat.asset_stores(self):
                await each.aset(self._store_key, stored)
        except Exception as error:  # noqa: BLE001  # whatever Airflow raises, the watch goes on
            self._stored = {}  # the next reading stores it again
            self.log.warning(
                "%s: what was seen could not be stored, so some events may come again. %s", self._name, error
            )

    def event(self, run: EndedRun) -> dict[str, Any]:
        """
        Return the event of a run: ids and words, never an output, because Airflow shows and stores events in clear text.

        :param run: the run.
        :return: plain JSON.
        """
        return {
            "version": 1,
            "workflow_id": self.workflow_id,
            "execution_id": run.execution.execution_id,
            "state": run.execution.state.value,
            "status": run.execution.status,
            "started_at": _text_of(run.began_at),
            "ended_at": None if run.ended_at is None else _text_of(run.ended_at),
        }

    async def _store_changes(self, watcher: Watcher) -> None:
        """Store what the watcher knows, unless nothing but the time has changed, and that not by much."""
        stored = watcher.stored()
        same = {**self._stored, "since": stored["since"]} == stored
        if not same or stored["since"] - self._stored["since"] > OVERLAP:
            await self.store(stored)

    async def _read_store(self, endpoint: Endpoint) -> Watcher:
        """Return the watcher that an earlier process has stored; a new one if there is none of this account."""
        try:
            found = [await each.aget(self._store_key) for each in compat.asset_stores(self)]
        except Exception as error:
            # Without it, runs would be lost.
            message = f"Airflow could not read what was seen before: {error}"
            raise Unavailable(message, sent=False) from error
        known = [watcher for each in found if (watcher := Watcher.from_stored(each))]
        same = [watcher for watcher in known if watcher.account == endpoint.account]
        if same:
            # Of several assets, the one that has seen the least.
            return min(same, key=lambda watcher: watcher.since)
        if any(each is not None for each in found):
            self.log.warning(
                "%s: what was seen before is of another account, or of another release. The watch begins anew.",
                self._name,
            )
        since = None if self.since is None else moment("since", self.since)
        return Watcher.new(time.time(), endpoint.account, since)

    def _page(self, endpoint: Endpoint) -> Any:
        return lambda since, number: endpoint.list_begun(self.workflow_id, since, number)

    def is_wanted(self, run: EndedRun) -> bool:
        """
        Return whether the end of a run is an event.

        :param run: the run.
        :return: True if its state is one of ``states``; a vendor may know more of a run.
        """
        return run.execution.state.value in self.states

    def _new_hook(self) -> None:
        self.hook = self.hook_class(self.conn_id, **self.hook_class.account_of(self))

    @property
    def _interval(self) -> float:
        return max(self.poll_interval, min_poll_interval())

    @property
    def _name(self) -> str:
        return f"The watcher of {self.hook.hook_name} workflow {quoted(self.workflow_id)}"

    @property
    def _store_key(self) -> str:
        """The name under which the store of the asset keeps what was seen; another interval changes nothing."""
        path, kwargs = self.serialize()
        deciding = {name: value for name, value in kwargs.items() if name not in ("poll_interval", "version")}
        digest = hashlib.sha256(json.dumps([path, deciding], sort_keys=True).encode()).hexdigest()
        return f"{self.hook.conn_type}-ended-{digest[:16]}"

    def _report(self, failure: WorkflowError) -> None:
        """Log a failure once: not again before it has passed, unless it becomes another one."""
        kind = f"{type(failure).__name__} {failure.status}"
        if kind == self._trouble:
            return
        self._trouble = kind
        if _may_pass(failure):
            self.log.warning("%s could not read the list; it is read again. %s", self._name, failure)
        else:
            self.log.error(
                "%s sends no event until this is put right; it tries again every %.0f s. %s",
                self._name,
                REJECTED_PAUSE,
                failure,
            )

    def _pause(self, failure: WorkflowError, failures: int) -> float:
        if not _may_pass(failure):
            return max(self._interval, REJECTED_PAUSE)
        asked: float | None = getattr(failure, "retry_after", None)
        backoff = self._interval * 2 ** min(failures - 1, 10)
        return max(self._interval, min(backoff if asked is None else asked, MAX_PAUSE))


class StoringProducer(compat.SharedStreamProducer):
    """
    The events of one trigger; what they have shown is stored once Airflow has stored the events.

    :param trigger: the trigger.
    """

    def __init__(self, trigger: WorkflowEndedTrigger) -> None:
        self.trigger = trigger
        self._steps: AsyncGenerator[EventAndState, None] | None = None

    async def open_stream(self) -> AsyncIterator[tuple[Any, Any]]:
        """
        Watch for ever.

        :yield: each event, with what is stored after it.
        """
        self._steps = self.trigger.watch()
        async for event, stored in self._steps:
            self.trigger.unstored_events += 1
            yield event, stored

    async def advance(self, batch: Sequence[Any]) -> None:
        """
        Store what the watcher knew when it sent these events.

        :param batch: events in their order; those that Airflow has not stored end the stream, and are sent again.
        """
        latest = None
        for item in batch:
            if not item.outcome.is_clean:
                break
            self.trigger.unstored_events -= 1
            latest = item.broker_payload or latest
        if latest is not None:
            await self.trigger.store(latest)

    async def aclose(self) -> None:
        """Let go of the client."""
        if self._steps is not None:
            await self._steps.aclose()


def _states(states: Collection[str]) -> list[str]:
    """Return the states as plain texts, each once and in one order."""
    ends = sorted(state.value for state in TERMINAL_STATES)
    is_list = isinstance(states, Collection) and not isinstance(states, str)
    if not is_list or not all(isinstance(state, str) and state in ends for state in states):
        raise InvalidInput(f"states must be a list of {', '.join(ends)}; got {quoted(states)}.")
    if not states:
        raise InvalidInput("states is empty: no run would be an event.")
    return sorted({State(state).value for state in states})


def _key(cls: type, kwargs: dict[str, Any]) -> Hashable:
    return (f"{cls.__module__}.{cls.__qualname__}", json.dumps(kwargs, sort_keys=True))


def _text_of(at: float) -> str:
    return datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="milliseconds")


def _may_pass(failure: WorkflowError) -> bool:
    return isinstance(failure, (Unavailable, RateLimited, UnexpectedResponse))
