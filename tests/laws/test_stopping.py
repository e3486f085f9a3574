"""Law 6: a task that a person ends stops its run, once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    TaskDeferred,
)
from airflow.sdk.execution_time import task_runner

from airflow_workflow_providers.compat import TRIGGER_HEARS_KILLS
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import calls, runs, start, trigger_of
from tests.task import Task, first_event
from tests.vendors import Vendor


class Airflow:
    """Stands in for the triggerer's line to Airflow, over which a trigger asks for its task's state."""

    def __init__(self, state: str | None) -> None:
        self.state = state
        self.asked = 0

    def send(self, request: Any) -> Any:
        """Answer a GetTaskStates."""
        self.asked += 1
        return task_runner.TaskStatesResult(
            task_states={request.run_ids[0]: {request.task_ids[0]: self.state}}
        )


@pytest.fixture
def task_is(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], Airflow]]:
    """Let Airflow say that the task is in some state."""

    def say(state: str | None) -> Airflow:
        airflow = Airflow(state)
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", airflow, raising=False)
        return airflow

    return say


async def looking(emulator: Emulator, vendor: Vendor, trigger: Any) -> asyncio.Task[Any]:
    """Let a trigger run, and return when it has looked at the vendor."""
    waiting = asyncio.create_task(first_event(trigger))
    while not calls(emulator, vendor, vendor.look):
        await asyncio.wait([waiting], timeout=0.05)
    return waiting


@pytest.mark.parametrize(
    ("state", "stopped"),
    [
        ("failed", True),
        ("success", True),
        ("skipped", True),
        ("removed", True),
        (None, False),  # cleared: the next try takes the run up or stops it
        ("scheduled", False),
        ("queued", False),
        ("running", False),
        ("deferred", False),  # given to another triggerer
        ("up_for_retry", False),
    ],
)
def test_a_killed_trigger_stops_the_run_only_if_nobody_waits_for_it(
    vendor: Vendor,
    emulator: Emulator,
    task_is: Callable[[str | None], Airflow],
    state: str | None,
    stopped: bool,
) -> None:
    """Airflow calls ``on_kill`` for more than kills; the task's own state tells them apart."""
    task_is(state)
    execution_id = start(vendor, vendor.goes_on)

    asyncio.run(trigger_of(vendor, execution_id).on_kill())

    assert runs(emulator, vendor)[0]["stops"] == (1 if stopped and vendor.stop else 0)


def test_a_kill_outlives_airflows_repeated_cancellation(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow 3.3 cancels a running ``on_kill`` again each second; the stop arrives all the same, once."""
    task_is("failed")
    if vendor.stop is not None:  # the stop takes two attempts, and is cancelled between them
        emulator.fail(vendor.conn_type, vendor.stop, "rate_limit", retry_after=1)
    execution_id = start(vendor, vendor.goes_on)

    async def kill() -> None:
        killing = asyncio.create_task(trigger_of(vendor, execution_id).on_kill())
        for _ in range(5):
            await asyncio.wait([killing], timeout=0.05)
            killing.cancel()
        await asyncio.wait([killing])

    asyncio.run(kill())

    assert runs(emulator, vendor)[0]["stops"] == (1 if vendor.stop else 0)


def test_a_deferred_task_that_a_person_ends_stops_its_run_once(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow 3.3 cancels the wait and calls ``on_kill``; before that it only cancels the wait."""
    task_is("failed")
    execution_id = start(vendor, vendor.goes_on)

    async def end() -> None:
        trigger = trigger_of(vendor, execution_id)
        waiting = await looking(emulator, vendor, trigger)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        if TRIGGER_HEARS_KILLS:
            await trigger.on_kill()

    asyncio.run(end())

    assert calls(emulator, vendor, vendor.look)
    assert runs(emulator, vendor)[0]["stops"] == (1 if vendor.stop else 0)


def test_a_sensor_that_a_person_ends_leaves_the_run_alone(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """It waits for what somebody else has started, and may want to go on."""
    execution_id = start(vendor, vendor.goes_on)
    task = Task(
        lambda: vendor.sensor(task_id="wait", execution_id=execution_id, poke_interval=0.01, deferrable=True)
    )
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    airflow = task_is("failed")
    asyncio.run(task.trigger(deferral.value).on_kill())

    assert airflow.asked == 0
    assert runs(emulator, vendor)[0]["stops"] == 0


def test_a_restart_of_the_triggerer_stops_nothing(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """A trigger that is cancelled while its task is deferred leaves the run alone, on every Airflow."""
    task_is("deferred")
    execution_id = start(vendor, vendor.goes_on)

    async def restart() -> None:
        waiting = await looking(emulator, vendor, trigger_of(vendor, execution_id))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(restart())

    assert calls(emulator, vendor, vendor.look)
    assert runs(emulator, vendor)[0]["stops"] == 0


@pytest.mark.parametrize("on_sigterm", ["cancel", "leave"])
def test_a_worker_that_is_told_to_stop_does_with_the_run_what_was_asked(
    vendor: Vendor, emulator: Emulator, on_sigterm: str
) -> None:
    """Airflow's handler calls ``on_kill`` and returns; the task must not go on to a success."""
    given = {"on_sigterm": on_sigterm} if vendor.stop else {}
    task = Task(lambda: vendor.task(vendor.goes_on, **given))
    became = (
        "goes on" if vendor.stop is None else {"cancel": "was asked to stop", "leave": "is left"}[on_sigterm]
    )

    with (
        pytest.raises(errors.ExecutionStopped, match=f"told to stop.*{became}"),
        signals_after(task, looks=2),
    ):
        task.run()

    (run,) = runs(emulator, vendor)
    assert run["stops"] == (1 if on_sigterm == "cancel" and vendor.stop else 0)
    assert task.errors[0].execution_id == run["execution_id"]


class signals_after:  # noqa: N801  # reads as a phrase where it is used
    """Call the operator's ``on_kill`` in the middle of a sleep, as a signal handler would."""

    def __init__(self, task: Task, looks: int) -> None:
        self.task, self.left = task, looks

    def __enter__(self) -> None:
        self.real = time.sleep
        time.sleep = self.sleep

    def __exit__(self, *_: object) -> None:
        time.sleep = self.real

    def sleep(self, duration: float) -> None:
        self.left -= 1
        if self.left == 0:
            self.task.operator.on_kill()
        self.real(duration)
