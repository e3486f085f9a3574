"""Guarantee 4: each try has one deadline, in wall-clock time."""

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
from tests.contract import (
    assert_stopped,
    blocking_and_deferred,
    runs,
    signal_once,
    start,
    status_checks,
    vendors_with_a_stop,
)
from tests.contract.crash import Store, fail
from tests.fake_airflow import Task, first_event
from tests.vendors import VendorCase

operator_and_sensor = pytest.mark.parametrize("kind", ["operator", "sensor"])


def waiting(vendor: VendorCase, kind: str, workflow: str, **options: Any) -> Task:
    """Return a task that waits for a run: the operator that starts it, or a sensor."""
    if kind == "operator":
        return Task(lambda: vendor.task(workflow, **options))
    run_id = start(vendor, workflow)
    return Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, **options))


def deferral_of(task: Task) -> TaskDeferred:
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    return deferral.value


@blocking_and_deferred
def test_the_error_names_the_run_and_the_run_is_stopped(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0))

    with pytest.raises(errors.ExecutionTimedOut) as late:
        task.run()

    (run,) = runs(emulator, vendor)
    assert late.value.execution_id == run["execution_id"]
    assert_stopped(vendor, emulator, run["execution_id"], str(late.value))


@vendors_with_a_stop
@blocking_and_deferred
def test_a_run_goes_on_after_the_deadline_with_cancel_on_timeout_false(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    task = Task(
        lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0, cancel_on_timeout=False)
    )

    with pytest.raises(errors.ExecutionTimedOut, match=r"goes on \(cancel_on_timeout=False\)"):
        task.run()

    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@blocking_and_deferred
def test_the_deadline_limits_a_single_response(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The vendor sends it byte by byte, and the connection allows 30 s."""
    emulator.fail(vendor.conn_type, vendor.get_status, "drip", times=None, after=1)
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0))
    began = time.monotonic()

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert time.monotonic() - began < 10


def test_the_deadline_survives_a_restart_of_the_triggerer(vendor: VendorCase, emulator: Emulator) -> None:
    """A second trigger is made from what is stored of the first."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, timeout=2))
    deferral = deferral_of(task)

    async def restarted() -> Any:
        first = asyncio.create_task(first_event(task.trigger(deferral)))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(first), 0.2)
        first.cancel()
        return await first_event(task.trigger(deferral))

    event = asyncio.run(restarted())

    assert event["outcome"] == "timed_out"
    assert time.time() < task.deferrals[0]["deadline"] + 1
    assert task.deferrals[0] == task.deferrals[1]
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


def test_the_smaller_of_timeout_and_execution_timeout_is_the_deadline(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Airflow does not enforce ``execution_timeout`` while a task is deferred, so the trigger does."""
    limits = {"timeout": timedelta(hours=1), "execution_timeout": timedelta(seconds=30)}
    before = time.time()

    deferral = deferral_of(Task(lambda: vendor.task(vendor.goes_on, deferrable=True, **limits)))

    assert before + 30 <= deferral.trigger.serialize()[1]["deadline"] <= time.time() + 30


def test_airflows_own_timeout_of_a_deferral_is_the_same_error(vendor: VendorCase, emulator: Emulator) -> None:
    """If no triggerer was running at the deadline, the scheduler ends the deferral."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True))
    deferral_of(task)

    with pytest.raises(errors.ExecutionTimedOut) as late:
        task.resume_with_error("Trigger timeout")

    (run,) = runs(emulator, vendor)
    assert isinstance(late.value.__cause__, TaskDeferralTimeout)
    assert late.value.execution_id == run["execution_id"]
    assert_stopped(vendor, emulator, run["execution_id"], str(late.value))


@operator_and_sensor
@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_run_that_has_ended_at_the_deadline_is_not_late(
    vendor: VendorCase, emulator: Emulator, kind: str, ends: str
) -> None:
    """It ended while no triggerer was running. Its result is returned or its failure raised, and nothing is stopped."""
    emulator.set_pace(status_checks=9)
    task = waiting(vendor, kind, vendor.succeeds if ends == "well" else vendor.fails, deferrable=True)
    deferral_of(task)
    emulator.set_pace(seconds=0)

    if ends == "well":
        assert task.resume_with_error("Trigger timeout")["state"] == "succeeded"
    else:
        with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
            task.resume_with_error("Trigger timeout")
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@pytest.mark.parametrize("clock", ["deferral", "execution_timeout"])
def test_a_sensor_that_airflow_times_out_names_its_run(
    vendor: VendorCase, emulator: Emulator, clock: str
) -> None:
    """The error is an ``AirflowSensorTimeout``, so there is no retry, as with all of Airflow's sensors."""
    task = waiting(vendor, "sensor", vendor.goes_on, deferrable=clock == "deferral", poke_interval=0.01)
    (run,) = runs(emulator, vendor)

    def execution_timeout() -> None:
        raise AirflowTaskTimeout("Timeout")

    def end() -> None:
        if clock == "deferral":
            task.resume_with_error("Trigger timeout")
        with signal_once(lambda: status_checks(emulator, vendor), execution_timeout):
            task.execute()

    with pytest.raises(AirflowSensorTimeout, match=run["execution_id"]) as late:
        end()

    assert isinstance(late.value, errors.ExecutionTimedOut)
    assert late.value.execution_id == run["execution_id"]


@blocking_and_deferred
@pytest.mark.parametrize("timeout", [1e-6, 0.05, 60])
def test_a_sensor_with_soft_fail_is_skipped_in_every_mode(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, timeout: float
) -> None:
    """If its run has not ended in time, and if its run has failed."""
    emulator.set_pace(seconds=0)
    workflow = vendor.goes_on if timeout < 1 else vendor.fails
    options = {"poke_interval": 0.01, "timeout": timeout, "soft_fail": True, "deferrable": deferrable}

    with pytest.raises(AirflowSkipException):
        waiting(vendor, "sensor", workflow, **options).run()


@operator_and_sensor
def test_a_task_whose_trigger_failed_names_its_run(vendor: VendorCase, emulator: Emulator, kind: str) -> None:
    """Airflow does not say why the trigger failed; the run goes on, and a retry reattaches to it."""
    task = waiting(vendor, kind, vendor.goes_on, deferrable=True)
    deferral_of(task)

    with pytest.raises(errors.WorkflowError, match="may still be going") as failed:
        task.resume_with_error("Trigger failure")

    (run,) = runs(emulator, vendor)
    assert failed.value.execution_id == run["execution_id"]
    assert run["execution_id"] in str(failed.value)
    assert run["stops"] == 0
    # Airflow would store an empty address of the button over the one that the task has stored before.
    assert list(task.operator.operator_extra_links) == []


@pytest.mark.parametrize("why", ["Airflow does not respond", "another try has begun"])
def test_a_process_that_airflow_no_longer_knows_stops_no_run(
    vendor: VendorCase, emulator: Emulator, why: str
) -> None:
    """Its supervisor was killed, and another try waits for the run now."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=1.0))
    reads: list[str] = []

    class Disconnected(Store):
        def get(self, key: str, default: Any = None) -> Any:
            reads.append(key)
            if len(reads) == 1:
                return super().get(key, default)
            if why == "Airflow does not respond":
                fail()
            # To a try that has ended, Airflow says that there is no record, and it rejects a write.
            self.at, self.action, self.stored = len(self.writes) + 1, fail, False
            return default

    store = task.store = Disconnected()

    with pytest.raises(errors.ExecutionTimedOut, match="goes on: another try"):
        task.run()

    assert store.writes
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


def test_a_run_is_stopped_although_airflow_has_deleted_its_record(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """The state store keeps a record for a limited time."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=1.0))

    class Forgetful(Store):
        def get(self, key: str, default: Any = None) -> Any:
            return default

    task.store = Forgetful()

    with pytest.raises(errors.ExecutionTimedOut) as late:
        task.run()

    (run,) = runs(emulator, vendor)
    assert_stopped(vendor, emulator, run["execution_id"], str(late.value))


@operator_and_sensor
@blocking_and_deferred
def test_a_run_in_which_nothing_changes_ends_the_task_before_its_deadline(
    vendor: VendorCase, emulator: Emulator, kind: str, deferrable: bool
) -> None:
    """It is stopped as at the deadline; a run that ends unseen meanwhile is no such run."""
    task = waiting(vendor, kind, vendor.goes_on, deferrable=deferrable, stall_timeout=1.0, timeout=60.0)

    with pytest.raises(errors.ExecutionTimedOut, match="has stalled: its status has been") as stalled:
        task.run()

    (run,) = runs(emulator, vendor)
    assert stalled.value.execution_id == run["execution_id"]
    if kind == "operator":
        assert_stopped(vendor, emulator, run["execution_id"], str(stalled.value))


def test_a_sensor_that_forgets_between_two_pokes_refuses_to_tell_whether_nothing_changes(
    vendor: VendorCase,
) -> None:
    with pytest.raises(errors.InvalidInput, match="stall_timeout needs mode='poke'"):
        vendor.sensor(task_id="wait", execution_id="7", mode="reschedule", stall_timeout=60)
