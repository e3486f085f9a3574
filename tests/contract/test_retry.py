"""Guarantee 5: a retry reattaches to the run of an earlier try, or submits a new one."""

from __future__ import annotations

from typing import Any

import pytest
import structlog

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.start_store import KEY
from tests.conftest import connect
from tests.contract import (
    assert_stopped,
    blocking_and_deferred,
    requests,
    runs,
    start,
    starts,
    status_checks,
    text_of,
    vendors_with_a_stop,
)
from tests.contract.crash import EXECUTION_ID, Store, kill_process
from tests.fake_airflow import Task, TaskInstance
from tests.vendors import VendorCase


@blocking_and_deferred
def test_a_retry_reattaches_to_a_run_that_is_going(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The process of the first try dies during its wait."""
    emulator.set_pace(status_checks=3)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    kill_process(task, EXECUTION_ID)

    record = task.run()

    assert task.tries == 2
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


@blocking_and_deferred
def test_a_retry_returns_the_result_of_a_run_that_has_succeeded(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The run ended while no process waited for it."""
    emulator.set_pace(seconds=0)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)
    kill_process(task, EXECUTION_ID)

    record = task.run()

    assert task.tries == 2
    assert record["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_a_retry_submits_a_new_run_after_one_that_failed(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    task = Task(lambda: vendor.task(vendor.fails, deferrable=deferrable), retries=2)

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
        task.run()

    assert len(runs(emulator, vendor)) == task.tries == 3


def test_a_retry_submits_a_new_run_after_one_that_was_stopped(vendor: VendorCase, emulator: Emulator) -> None:
    """The first try stops its run at the deadline; if the vendor cannot stop it, the retry reattaches to it."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=1.0), retries=1)

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert [run["stops"] for run in runs(emulator, vendor)] == ([1, 1] if vendor.stop else [0])


@vendors_with_a_stop
@blocking_and_deferred
def test_a_retry_does_not_reattach_to_a_run_that_this_task_has_stopped(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The vendor's status is still RUNNING just after the stop."""
    emulator.fail(vendor.conn_type, vendor.stop, "status", status=200, body={"message": "ok"}, times=None)
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=1.0), retries=1)

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert len(requests(emulator, vendor, vendor.stop)) == 2
    assert len(runs(emulator, vendor)) == 2


@blocking_and_deferred
def test_a_retry_with_another_input_submits_a_new_run_and_stops_the_old_one(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    workflows = iter([vendor.goes_on, vendor.succeeds, vendor.succeeds])
    task = Task(lambda: vendor.task(next(workflows), deferrable=deferrable), retries=1)
    kill_process(task, EXECUTION_ID)

    with structlog.testing.capture_logs() as logs:
        record = task.try_once()

    old, new = runs(emulator, vendor)
    assert record["execution_id"] == new["execution_id"]
    assert text_of(logs).count("input has changed since") == 1
    assert_stopped(vendor, emulator, old["execution_id"], text_of(logs))


def test_a_retry_never_reattaches_to_a_run_of_another_account(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection has changed before the retry; under the new account the same id may be another person's run."""
    task = Task(vendor.task, retries=1)
    kill_process(task, EXECUTION_ID)
    (old,) = runs(emulator, vendor)
    with Emulator() as elsewhere:
        elsewhere.set_pace(seconds=0)
        connect(monkeypatch, vendor, elsewhere)
        other = start(vendor, vendor.succeeds)

        with structlog.testing.capture_logs() as logs:
            record = task.try_once()

        assert [run["execution_id"] for run in runs(elsewhere, vendor)] == [other, record["execution_id"]]
        assert other not in [check["execution_id"] for check in status_checks(elsewhere, vendor)]
    assert any(
        old["execution_id"] in line and "another account" in line for line in text_of(logs).splitlines()
    )
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@blocking_and_deferred
def test_without_a_state_store_a_retry_submits_a_new_run(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """Airflow 3.1 and 3.2 have none. Each try says so in its log, and everything else works."""
    task = Task(lambda: vendor.task(vendor.fails, deferrable=deferrable, retries=1), retries=1, store=False)

    with structlog.testing.capture_logs() as logs, pytest.raises(errors.ExecutionFailed):
        task.run()

    assert len(runs(emulator, vendor)) == 2
    assert text_of(logs).count("This Airflow stores nothing for a retry") == 2


def test_a_record_that_cannot_be_read_is_a_lost_start(vendor: VendorCase, emulator: Emulator) -> None:
    """A later release has written it before a downgrade, and it may stand for a run."""
    task = Task(vendor.task, retries=1)
    task.store[KEY] = {"version": 99, "run": "70001"}

    with pytest.raises(errors.LostStart):
        task.try_once()

    assert starts(emulator, vendor) == []


def test_a_retry_reattaches_to_a_run_that_is_stored_although_xcom_was_down(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run is not stopped, and the retry stores nothing again."""
    task = Task(vendor.task, retries=1)
    store = task.store = Store()
    push = TaskInstance.xcom_push

    def fail_once(_: TaskInstance, key: str, value: Any) -> None:
        monkeypatch.setattr(TaskInstance, "xcom_push", push)
        raise ConnectionError("the backend is down")

    monkeypatch.setattr(TaskInstance, "xcom_push", fail_once)

    record = task.run()

    (run,) = runs(emulator, vendor)
    assert (run["execution_id"], run["stops"]) == (record["execution_id"], 0)
    assert "A retry reattaches to it" in str(task.errors[0])
    assert len(store.writes) == 2
