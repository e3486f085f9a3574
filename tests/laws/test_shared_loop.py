"""Many triggers share one event loop: what one of them needs does not wait for the others."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import BaseHook, TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.laws import calls, runs, start, trigger_of
from tests.laws.test_stopping import Airflow, task_is
from tests.task import Task, first_event
from tests.vendors import Vendor

__all__ = ["task_is"]


def test_a_stop_arrives_while_every_status_check_hangs(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    task_is: Callable[[str | None], Airflow],
) -> None:
    """A hundred triggers of the connection hang, more than there are connections; the stop has one of its own."""
    connect(monkeypatch, vendor, emulator, read_timeout=60)
    emulator.fail(vendor.conn_type, vendor.look, "hang", times=None)
    ours = start(vendor, vendor.goes_on)
    others = [start(vendor, vendor.goes_on) for _ in range(3)]
    task_is("failed")

    async def kill() -> float:
        waiting = [asyncio.create_task(first_event(trigger_of(vendor, others[n % 3]))) for n in range(100)]
        while len(calls(emulator, vendor, vendor.look)) < 48:
            await asyncio.wait(waiting, timeout=0.05)
        began = time.monotonic()
        await trigger_of(vendor, ours).on_kill()
        took = time.monotonic() - began
        for task in waiting:
            task.cancel()
        task_is("running")
        await asyncio.gather(*waiting, return_exceptions=True)
        return took

    assert asyncio.run(kill()) < 3
    stopped = {run["execution_id"]: run["stops"] for run in runs(emulator, vendor)}
    assert stopped[ours] == (1 if vendor.stop else 0)
    assert [stopped[other] for other in others] == [0, 0, 0]


def test_a_key_that_has_not_changed_is_read_anew_once_for_a_thousand_tasks(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of them ends with the same error; Airflow is not asked a thousand times for what it has just said."""
    reads: list[str] = []
    airflows = BaseHook.get_connection

    async def read(_: type, conn_id: str) -> Any:
        reads.append(conn_id)
        return airflows(conn_id)

    monkeypatch.setattr(BaseHook, "aget_connection", classmethod(read))
    run_id = start(vendor, vendor.goes_on)
    emulator.revoke(vendor.conn_type)

    async def wait() -> list[Any]:
        # Nobody asks the vendor a thousand times in a test: the first hundred say it.
        return await asyncio.gather(*(first_event(trigger_of(vendor, run_id)) for _ in range(100)))

    events = asyncio.run(wait())

    assert {(event["outcome"], event["error"]) for event in events} == {("look_failed", "AuthFailed")}
    assert len(reads) == 2


def test_neither_a_status_check_nor_the_event_comes_after_the_deadline(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the interval is, and however the checks of many tasks are spread out."""
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    run_id = start(vendor, vendor.goes_on)
    deadline = time.time() + 1.0

    event = asyncio.run(first_event(trigger_of(vendor, run_id, deadline=deadline, poll_interval=0.95)))

    assert event["outcome"] == "timed_out"
    assert time.time() < deadline + 0.5
    assert all(call["at"] < deadline + 0.1 for call in calls(emulator, vendor, vendor.look))


def test_a_poll_interval_is_no_shorter_than_the_least(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``poll_interval=0`` asks the vendor as often as the deployment allows, on a worker and in a triggerer."""
    monkeypatch.setenv("AIRFLOW__WORKFLOW_PROVIDERS__MIN_POLL_INTERVAL", "0.3")
    run_id = start(vendor, vendor.goes_on)

    asyncio.run(first_event(trigger_of(vendor, run_id, deadline=time.time() + 1.0, poll_interval=0)))
    triggered = len(calls(emulator, vendor, vendor.look))
    with pytest.raises(errors.ExecutionTimedOut):
        Task(lambda: vendor.task(vendor.goes_on, poll_interval=0, timeout=1.0)).run()

    assert triggered <= 4
    assert len(calls(emulator, vendor, vendor.look)) - triggered <= 6
    assert vendor.sensor(task_id="wait", execution_id="1", poke_interval=0).poke_interval == 0.3


@pytest.mark.parametrize("resumed_by", ["a person's answer", "its trigger"])
def test_a_task_that_was_resumed_and_is_then_killed_stops_its_run(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, resumed_by: str
) -> None:
    """The operator that resumes is a new object; it knows the run as soon as it begins."""
    emulator.set_pace(looks=3)
    task = Task(lambda: vendor.task(vendor.goes_on if resumed_by != "its trigger" else None, deferrable=True))
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    event = {"chosen_options": ["Approve"]} if resumed_by != "its trigger" else task.fire(deferred.value)
    make = task.make
    operators: list[Any] = []

    def make_and_keep() -> Any:
        operators.append(make())
        return operators[-1]

    task.make = make_and_keep
    look = type(vendor.hook()).send

    def killed_meanwhile(hook: Any, call: Any, **options: Any) -> Any:
        monkeypatch.setattr(vendor.hook, "send", look)
        hook.session  # noqa: B018  # as far as the handler of a signal can come
        operators[-1].on_kill()
        operators[-1].on_kill()
        return look(hook, call, **options)

    monkeypatch.setattr(vendor.hook, "send", killed_meanwhile)

    with pytest.raises(errors.ExecutionStopped) as stopped:
        task.resume(deferred.value, event)

    (run,) = runs(emulator, vendor)
    assert run["execution_id"] in str(stopped.value)
    if vendor.stop:
        assert len(calls(emulator, vendor, vendor.stop)) == 1
        assert "was asked to stop" in str(stopped.value)
    else:
        assert "goes on" in str(stopped.value)
