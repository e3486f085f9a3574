"""Guarantee 5: a cleared task submits a new run, unless the author wants it to reattach."""

from __future__ import annotations

from contextlib import suppress

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.start_store import KEY
from tests.contract import assert_stopped, blocking_and_deferred, runs, text_of
from tests.contract.crash import EXECUTION_ID, kill_process
from tests.fake_airflow import Task
from tests.vendors import VendorCase


@blocking_and_deferred
def test_a_clear_submits_a_new_run_and_stops_one_that_is_going(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """A person who clears a task does not want the old result."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0, **vendor.no_cancel))
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()
    task.clear()

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionTimedOut):
        task.run()

    old, _ = runs(emulator, vendor)
    assert_stopped(vendor, emulator, old["execution_id"], text_of(logs))


@blocking_and_deferred
def test_a_clear_after_a_success_submits_a_new_run(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """Airflow does not delete the stored record at a clear."""
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    first = task.run()
    task.clear()

    assert task.run()["execution_id"] != first["execution_id"]


@blocking_and_deferred
def test_a_cleared_task_can_reattach(vendor: VendorCase, emulator: Emulator, deferrable: bool) -> None:
    """With ``on_clear="reattach"`` it returns the result of a run that has succeeded."""
    task = Task(lambda: vendor.task(deferrable=deferrable, on_clear="reattach"))
    first = task.run()
    task.clear()

    assert task.run() == first
    assert len(runs(emulator, vendor)) == 1


def test_a_run_that_a_cleared_task_has_reattached_to_belongs_to_its_retries_too(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """The record has the number of tries after the clear."""
    task = Task(lambda: vendor.task(vendor.goes_on, on_clear="reattach"), retries=1)
    kill_process(task, EXECUTION_ID)
    task.clear()
    emulator.fail(vendor.conn_type, vendor.get_status, "html", times=None, after=1)

    with pytest.raises(errors.UnexpectedResponse):
        task.try_once()

    assert task.store[KEY]["max_tries"] == task.max_tries
    assert len(runs(emulator, vendor)) == 1


def test_a_cleared_task_submits_a_new_run_after_a_lost_start(vendor: VendorCase, emulator: Emulator) -> None:
    """A person who clears has read the error. The log repeats it."""
    task = Task(vendor.task, retries=1)
    kill_process(task, EXECUTION_ID, stored=False)
    task.clear()

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["execution_id"] == runs(emulator, vendor)[1]["execution_id"]
    assert text_of(logs).count("A new run is submitted (the task was cleared since)") == 1


def test_a_cleared_task_submits_a_new_run_although_the_old_one_cannot_be_read(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """The log names the old run and says why it could not be read."""
    task = Task(vendor.task)
    first = task.run()
    task.clear()
    emulator.fail(vendor.conn_type, vendor.get_status, "status", status=403)

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["execution_id"] != first["execution_id"]
    assert any(
        first["execution_id"] in line and "could not be read" in line for line in text_of(logs).splitlines()
    )


@blocking_and_deferred
@pytest.mark.parametrize("why", ["clear", "input"])
def test_an_old_run_that_cannot_be_read_is_stopped_all_the_same(
    vendor: VendorCase, emulator: Emulator, deferrable: bool, why: str
) -> None:
    """Otherwise two runs would go on after a clear, or after a retry with another input."""
    workflows = iter([vendor.goes_on, *[vendor.succeeds if why == "input" else vendor.goes_on] * 3])
    task = Task(
        lambda: vendor.task(
            next(workflows),
            deferrable=deferrable,
            timeout=1.0 if why == "clear" else 60,
            **vendor.no_cancel,
        ),
        retries=1,
    )
    kill_process(task, EXECUTION_ID)
    if why == "clear":
        task.clear()
    emulator.fail(vendor.conn_type, vendor.get_status, "html")

    with structlog.testing.capture_logs() as logs, suppress(errors.ExecutionTimedOut):
        task.try_once()

    old, new = runs(emulator, vendor)
    assert new["stops"] == 0
    assert_stopped(vendor, emulator, old["execution_id"], text_of(logs))
    assert any(
        old["execution_id"] in line and "could not be read" in line for line in text_of(logs).splitlines()
    )
