"""Law 5: a retry takes up, a clear starts anew."""

from __future__ import annotations

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.laws import blocking_and_deferred, runs
from tests.laws.dying import died
from tests.task import Task
from tests.vendors import Vendor


@blocking_and_deferred
def test_a_retry_takes_up_a_run_that_is_still_going(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The first try dies while it waits; the second waits for the same run."""
    emulator.set_pace(looks=3)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    died(task, 2)

    record = task.run()

    assert task.tries == 2
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


@blocking_and_deferred
def test_a_retry_returns_the_result_of_a_run_that_has_succeeded(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The run ended while nobody watched: its result is fetched, and nothing is started."""
    emulator.set_pace(seconds=0)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    died(task, 2)

    record = task.run()

    assert task.tries == 2
    assert record["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_a_retry_starts_anew_after_a_run_that_has_failed(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """That is what a retry is for."""
    task = Task(lambda: vendor.task(vendor.fails, deferrable=deferrable), retries=2)

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
        task.run()

    assert len(runs(emulator, vendor)) == task.tries == 3


def test_a_retry_starts_anew_after_a_run_that_was_stopped(vendor: Vendor, emulator: Emulator) -> None:
    """The deadline of the first try stopped its run; where none can be stopped, the second try takes it up."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=0.4), retries=1)

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert [run["stops"] for run in runs(emulator, vendor)] == ([1, 1] if vendor.stop else [0])


@blocking_and_deferred
def test_a_clear_starts_anew_and_stops_what_was_going(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """A person who clears a task wants it done again, not the old result; and nobody waits for the old run."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=0.4, **vendor.leave))
    with pytest.raises(errors.ExecutionTimedOut):
        task.run()
    task.clear()

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert [run["stops"] for run in runs(emulator, vendor)] == [1 if vendor.stop else 0, 0]


@blocking_and_deferred
def test_a_clear_after_success_runs_again(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """The store outlives a clear; its record must not be taken for this task's own."""
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    first = task.run()
    task.clear()

    assert task.run()["execution_id"] != first["execution_id"]


@blocking_and_deferred
def test_without_a_state_store_a_task_works_and_its_retry_starts_anew(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """Airflow 3.1 and 3.2 have none: the promise of this law is not theirs, but nothing else is lost."""
    task = Task(lambda: vendor.task(vendor.fails, deferrable=deferrable, retries=1), retries=1, store=False)

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionFailed):
        task.run()

    assert len(runs(emulator, vendor)) == 2
    assert len([entry for entry in logs if "keeps nothing for a retry" in str(entry)]) == 2  # once a try
