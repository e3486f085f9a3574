"""Guarantees 2, 4 and 10: a result that exists reaches the DAG, and a wait that fails leaves no run unnoticed."""

from __future__ import annotations

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import assert_stopped, blocking_and_deferred, runs, status_checks, text_of
from tests.fake_airflow import Task
from tests.vendors import VendorCase
from tests.vendors.facts import FACTS


@pytest.fixture(autouse=True)
def _short_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker end its retries of the read of a result after 0.05 s instead of 10 s; the wait then continues."""
    monkeypatch.setattr("airflow_workflow_providers.operators.waiting.RESULT_RETRY_FOR", 0.05)


@blocking_and_deferred
def test_the_read_of_a_result_is_repeated_like_a_status_check(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The run has ended, and the vendor returns 503 for a while. The same try succeeds."""
    emulator.set_pace(status_checks=2)
    emulator.fail(vendor.conn_type, vendor.get_status, "server_error", status=503, times=6, after=2)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    record = task.run()

    assert record["state"] == "succeeded"
    assert task.tries == 1
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


def test_a_deferrable_task_waits_for_a_result_in_the_triggerer(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """It holds no worker while the vendor is down, and its deadline stays the same."""
    emulator.set_pace(status_checks=3)
    task = Task(lambda: vendor.task(deferrable=True))
    with pytest.raises(TaskDeferred) as first:
        task.execute()
    event = task.fire(first.value)
    emulator.fail(vendor.conn_type, vendor.get_status, "server_error", status=503, times=4)

    with pytest.raises(TaskDeferred) as second:
        task.resume(first.value, event)

    deadlines = [each.value.trigger.serialize()[1]["deadline"] for each in (first, second)]
    assert event["outcome"] == "ended"
    assert deadlines[0] == deadlines[1]


@blocking_and_deferred
def test_a_result_that_cannot_be_read_before_the_deadline_ends_in_an_error_that_says_so(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The run has not failed, and it is not stopped."""
    emulator.set_pace(status_checks=2)
    emulator.fail(vendor.conn_type, vendor.get_status, "server_error", status=503, times=None, after=2)

    with pytest.raises(errors.ExecutionTimedOut, match="has ended, and its result could not be read"):
        Task(lambda: vendor.task(deferrable=deferrable, timeout=1.0)).run()

    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@blocking_and_deferred
def test_a_wait_continues_if_its_run_can_be_read_after_all(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """Five responses in a row are unreadable, and then the run is still going."""
    emulator.set_pace(status_checks=9)
    # A deferrable task makes one status check on the worker; the trigger counts its own.
    emulator.fail(vendor.conn_type, vendor.get_status, "html", times=5 + deferrable)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["state"] == "succeeded"
    assert task.tries == 1
    assert len(runs(emulator, vendor)) == 1
    assert "can be read again" in text_of(logs)


@blocking_and_deferred
def test_a_wait_that_fails_stops_its_run(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """No task waits for the run any more."""
    emulator.fail(vendor.conn_type, vendor.get_status, "html", times=None)

    with pytest.raises(errors.UnexpectedResponse) as failed:
        Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable)).run()

    (run,) = runs(emulator, vendor)
    assert_stopped(vendor, emulator, run["execution_id"], str(failed.value))


@pytest.mark.parametrize(("mode", "pokes"), [("poke", 5), ("reschedule", 1)])
def test_a_sensor_fails_if_the_vendor_does_not_know_the_id(
    vendor: VendorCase, emulator: Emulator, mode: str, pokes: int
) -> None:
    """After five checks. In ``mode="reschedule"`` each poke is a new process, so one poke makes all five."""
    emulator.configure(vendor.conn_type, **FACTS[vendor.name].unknown_execution)
    unknown = FACTS[vendor.name].unknown_id
    task = Task(lambda: vendor.sensor(task_id="wait", execution_id=unknown, poke_interval=0.01, mode=mode))
    sensor = task.make()

    for _ in range(pokes - 1):
        assert sensor.poke(task.context(sensor)) is False
    with pytest.raises(errors.NotFound, match=unknown):
        sensor.poke(task.context(sensor))

    assert len(status_checks(emulator, vendor)) >= 5


@blocking_and_deferred
def test_each_status_is_logged_once(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """By worker and triggerer together. The address of the vendor's page, if there is one, is logged once too."""
    emulator.set_pace(status_checks=4)

    with structlog.testing.capture_logs() as logs:
        record = Task(lambda: vendor.task(deferrable=deferrable)).run()

    lines = text_of(logs).splitlines()
    statuses = [line for line in lines if line.startswith(f"Execution {record['execution_id']} is ")]
    assert statuses
    assert len(statuses) == len(set(statuses))
    if record["url"]:
        assert text_of(logs).count(record["url"]) == 1
