"""Another input or a clear starts a new run; what becomes of the old one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.start_store import KEY
from tests.laws import blocking_and_deferred, runs, starts
from tests.laws.dying import Store, died
from tests.task import Task, TaskInstance
from tests.vendors import Vendor


@blocking_and_deferred
def test_a_retry_with_another_input_starts_anew_and_stops_the_old_run(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The old run's id is in the log; nobody waits for it any more."""
    workflows = iter([vendor.goes_on, vendor.succeeds, vendor.succeeds])
    task = Task(lambda: vendor.task(next(workflows), deferrable=deferrable), retries=1)
    died(task, 2)
    (old,) = runs(emulator, vendor)

    with structlog.testing.capture_logs() as logs:
        record = task.try_once()

    assert record["execution_id"] == runs(emulator, vendor)[1]["execution_id"]
    assert runs(emulator, vendor)[0]["stops"] == (1 if vendor.stop else 0)
    said = [
        entry
        for entry in logs
        if old["execution_id"] in str(entry) and "input has changed since" in str(entry)
    ]
    assert len(said) == 1


@blocking_and_deferred
def test_a_cleared_task_can_take_up_what_it_had(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """``on_clear="take_up"``: the result of a run that has succeeded is returned again, and nothing is started."""
    task = Task(lambda: vendor.task(deferrable=deferrable, on_clear="take_up"))
    first = task.run()
    task.clear()

    assert task.run() == first
    assert len(runs(emulator, vendor)) == 1


def test_what_a_cleared_task_has_taken_up_is_its_own(vendor: Vendor, emulator: Emulator) -> None:
    """A retry after it finds no clear in between."""
    task = Task(lambda: vendor.task(vendor.goes_on, on_clear="take_up"), retries=1)
    died(task, 2)
    task.clear()
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None, after=1)

    with pytest.raises(errors.WorkflowError):
        task.try_once()
    assert task.store[KEY]["max_tries"] == task.max_tries

    assert len(runs(emulator, vendor)) == 1


def test_a_cleared_task_starts_anew_where_an_earlier_start_was_lost(
    vendor: Vendor, emulator: Emulator
) -> None:
    """Whoever clears has read the error and looked: the log says it once more."""
    task = Task(vendor.task, retries=1)
    died(task, 2, acknowledged=False)
    task.clear()

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["execution_id"] == runs(emulator, vendor)[1]["execution_id"]
    assert (
        len([entry for entry in logs if "A new run is started (the task was cleared since)" in str(entry)])
        == 1
    )


def test_a_run_that_is_wanted_no_more_and_cannot_be_looked_at_does_not_hold_up_a_clear(
    vendor: Vendor, emulator: Emulator
) -> None:
    """The connection may belong to another account by now; the old run is named in the log."""
    task = Task(vendor.task)
    first = task.run()
    task.clear()
    emulator.fail(vendor.conn_type, vendor.look, "status", status=403)

    with structlog.testing.capture_logs() as logs:
        record = task.run()

    assert record["execution_id"] != first["execution_id"]
    assert any(first["execution_id"] in str(entry) and "could not be read" in str(entry) for entry in logs)


def test_a_record_that_cannot_be_read_is_a_lost_start_and_no_clear(
    vendor: Vendor, emulator: Emulator
) -> None:
    """It may stand for a run: of a later release, after a downgrade."""
    task = Task(vendor.task, retries=1)
    task.store[KEY] = {"version": 99, "run": "70001"}

    with pytest.raises(errors.LostStart):
        task.try_once()

    assert starts(emulator, vendor) == 0


def test_a_run_that_is_stored_is_not_stopped_because_a_later_write_fails(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """XCom cannot be written: the task fails, and its retry takes the run up, without a write that could fail again."""
    task = Task(vendor.task, retries=1)
    store = task.store = Store()
    push = TaskInstance.xcom_push

    def fail_once(self: TaskInstance, key: str, value: Any) -> None:
        monkeypatch.setattr(TaskInstance, "xcom_push", push)
        raise ConnectionError("the backend is down")

    monkeypatch.setattr(TaskInstance, "xcom_push", fail_once)

    record = task.run()

    assert "A retry takes it up" in str(task.errors[0])
    assert [(run["execution_id"], run["stops"]) for run in runs(emulator, vendor)] == [
        (record["execution_id"], 0)
    ]
    assert len(store.writes) == 2


@blocking_and_deferred
@pytest.mark.parametrize("why", ["clear", "input"])
def test_an_old_run_that_cannot_be_read_is_stopped_all_the_same(
    vendor: Vendor, emulator: Emulator, deferrable: bool, why: str
) -> None:
    """After a clear or with another input: else two runs would go on. The log names it."""
    workflows = iter([vendor.goes_on, *[vendor.succeeds if why == "input" else vendor.goes_on] * 3])
    task = Task(
        lambda: vendor.task(next(workflows), deferrable=deferrable, timeout=0.6 if why == "clear" else 60),
        retries=1,
    )
    died(task, 2)
    (old,) = runs(emulator, vendor)
    if why == "clear":
        task.clear()
    emulator.fail(vendor.conn_type, vendor.look, "html")

    with structlog.testing.capture_logs() as logs, suppress(errors.ExecutionTimedOut):
        task.try_once()

    first, second = runs(emulator, vendor)
    assert (first["stops"], second["execution_id"] == old["execution_id"]) == (1 if vendor.stop else 0, False)
    assert any(old["execution_id"] in str(entry) and "could not be read" in str(entry) for entry in logs)
