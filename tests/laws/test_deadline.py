"""Law 4: one deadline, by the clock on the wall."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import (
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    TaskDeferred,
)

from airflow_workflow_providers.compat import TaskDeferralTimeout
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred, raising, runs, start
from tests.task import Task, first_event
from tests.vendors import Vendor


@blocking_and_deferred
@pytest.mark.parametrize("on_timeout", ["cancel", "leave"])
def test_the_deadline_names_the_run_and_does_with_it_what_was_asked(
    vendor: Vendor, emulator: Emulator, deferrable: bool, on_timeout: str
) -> None:
    """A run that is not over at the deadline is stopped, or left, as ``on_timeout`` says."""
    task = Task(
        lambda: vendor.task(
            vendor.goes_on,
            deferrable=deferrable,
            timeout=0.4,
            **(vendor.leave if on_timeout == "leave" else {}),
        )
    )

    with pytest.raises(errors.ExecutionTimedOut) as late:
        task.run()

    (run,) = runs(emulator, vendor)
    assert late.value.execution_id == run["execution_id"]
    assert run["execution_id"] in str(late.value)
    assert run["stops"] == (1 if on_timeout == "cancel" and vendor.stop else 0)


@blocking_and_deferred
def test_the_deadline_holds_over_any_single_answer(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """However the vendor stretches it: the connection itself would let it take 30 s."""
    emulator.fail(vendor.conn_type, vendor.look, "drip", times=None, after=1)
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0))
    began = time.monotonic()

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert time.monotonic() - began < 10


def test_the_deadline_survives_a_restart_of_the_triggerer(vendor: Vendor, emulator: Emulator) -> None:
    """The trigger that is made again from what was stored ends when the first would have ended."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, timeout=2))
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    async def restarted() -> Any:
        first = asyncio.create_task(first_event(task.trigger(deferral.value)))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(first), 0.2)
        first.cancel()
        return await first_event(task.trigger(deferral.value))

    event = asyncio.run(restarted())

    assert event["outcome"] == "timed_out"
    assert task.deferrals[0] == task.deferrals[1]
    assert runs(emulator, vendor)[0]["stops"] == 0


def test_the_smaller_of_timeout_and_execution_timeout_holds(vendor: Vendor, emulator: Emulator) -> None:
    """Airflow does not enforce ``execution_timeout`` while a task is deferred; the trigger does."""
    task = Task(
        lambda: vendor.task(
            vendor.goes_on,
            deferrable=True,
            timeout=timedelta(hours=1),
            execution_timeout=timedelta(seconds=30),
        )
    )
    with pytest.raises(TaskDeferred):
        task.execute()
    before = time.time()
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    kwargs = deferral.value.trigger.serialize()[1]
    assert before + 29 < kwargs["deadline"] < time.time() + 30.5
    assert len(runs(emulator, vendor)) == 1


def test_airflows_own_deferral_timeout_is_the_same_error(vendor: Vendor, emulator: Emulator) -> None:
    """If no triggerer was there to notice the deadline, the scheduler does; the outcome is the same."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()
    operator = task.make()

    with pytest.raises(errors.ExecutionTimedOut) as late:
        operator.resume_execution("__fail__", {"error": "Trigger timeout"}, task.context(operator))

    (run,) = runs(emulator, vendor)
    assert isinstance(late.value.__cause__, TaskDeferralTimeout)
    assert late.value.execution_id == run["execution_id"]
    assert run["stops"] == (1 if vendor.stop else 0)


@pytest.mark.parametrize("kind", ["operator", "sensor"])
@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_run_that_is_over_at_the_deadline_is_not_late(
    vendor: Vendor, emulator: Emulator, kind: str, ends: str
) -> None:
    """It ended while no triggerer was there to see it: its result is returned, or its failure raised; nothing is stopped."""
    workflow = vendor.succeeds if ends == "well" else vendor.fails
    emulator.set_pace(looks=9)
    task = Task(lambda: vendor.task(workflow, deferrable=True))
    if kind == "sensor":
        run_id = start(vendor, workflow)
        task = Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()
    emulator.set_pace(seconds=0)
    operator = task.make()

    def resume() -> Any:
        return operator.resume_execution("__fail__", {"error": "Trigger timeout"}, task.context(operator))

    if ends == "well":
        assert resume()["state"] == "succeeded"
    else:
        with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
            resume()
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@pytest.mark.parametrize("clock", ["deferral", "execution_timeout"])
def test_a_sensor_that_airflows_own_clock_ends_names_its_run(
    vendor: Vendor, emulator: Emulator, clock: str
) -> None:
    """And as with all of Airflow's sensors, no retry is made."""
    run_id = start(vendor, vendor.goes_on)
    task = Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, deferrable=clock == "deferral"))
    sensor = task.make()

    def end() -> None:
        if clock == "deferral":
            sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, task.context(sensor))
        sensor.poke = raising(AirflowTaskTimeout("Timeout"))
        sensor.execute(task.context(sensor))

    with pytest.raises(AirflowSensorTimeout, match=run_id) as late:
        end()

    assert isinstance(late.value, errors.ExecutionTimedOut)
    assert late.value.execution_id == run_id


@blocking_and_deferred
@pytest.mark.parametrize("timeout", [1e-6, 0.05, 60])
def test_a_sensor_with_soft_fail_is_skipped_whatever_became_of_its_run(
    vendor: Vendor, emulator: Emulator, deferrable: bool, timeout: float
) -> None:
    """Not over in time, or over and not well: no matter whether the worker or the triggerer has seen it."""
    emulator.set_pace(seconds=0)
    run_id = start(vendor, vendor.goes_on if timeout < 1 else vendor.fails)
    task = Task(
        lambda: vendor.sensor(
            task_id="wait",
            execution_id=run_id,
            deferrable=deferrable,
            poke_interval=0.01,
            timeout=timeout,
            soft_fail=True,
        )
    )

    with pytest.raises(AirflowSkipException):
        task.run()


@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_a_task_whose_trigger_has_failed_names_its_run(vendor: Vendor, emulator: Emulator, kind: str) -> None:
    """The trigger's own code failed, of which Airflow tells no more than that; the run is left for a retry to take up."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True))
    if kind == "sensor":
        started = start(vendor, vendor.goes_on)
        task = Task(lambda: vendor.sensor(task_id="wait", execution_id=started, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()
    operator = task.make()

    with pytest.raises(errors.WorkflowError) as failed:
        operator.resume_execution("__fail__", {"error": "Trigger failure"}, task.context(operator))

    (run,) = runs(emulator, vendor)
    assert failed.value.execution_id == run["execution_id"]
    assert run["execution_id"] in str(failed.value)
    assert "may still be going" in str(failed.value)
    assert run["stops"] == 0
