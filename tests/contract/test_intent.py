"""What is stored before a start is sent, and directly after (guarantees 1 and 5)."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.start_store import KEY
from tests.contract import assert_stopped, blocking_and_deferred, runs, starts, status_checks
from tests.contract.crash import EXECUTION_ID, INTENT, Store, fail
from tests.fake_airflow import Task
from tests.vendors import VendorCase


@blocking_and_deferred
def test_the_intent_is_stored_before_the_start_is_sent_and_the_id_directly_after(
    vendor: VendorCase, emulator: Emulator, deferrable: bool
) -> None:
    """The first write comes before any request, the second after the start and before any status check."""
    task = Task(lambda: vendor.task(deferrable=deferrable))
    sent_before: list[tuple[int, int]] = []

    class Watching(Store):
        def set(self, key: str, value: Any) -> None:
            sent_before.append((len(starts(emulator, vendor)), len(status_checks(emulator, vendor))))
            super().set(key, value)

    store = task.store = Watching()
    task.run()

    (run,) = runs(emulator, vendor)
    assert sent_before == [(0, 0), (1, 0)]
    assert [write["execution_id"] for write in store.writes] == [None, run["execution_id"]]


def test_a_start_whose_intent_cannot_be_stored_is_not_sent(vendor: VendorCase, emulator: Emulator) -> None:
    """Otherwise a run could start of which no retry knows."""
    task = Task(vendor.task)
    task.store = Store(INTENT, fail, stored=False)

    with pytest.raises(errors.WorkflowError, match="nothing was started"):
        task.run()

    assert starts(emulator, vendor) == []


def test_nothing_is_sent_if_airflow_cannot_say_what_was_started_before(
    vendor: VendorCase, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An earlier try may have started a run."""
    task = Task(vendor.task)
    monkeypatch.setattr(task.store, "get", lambda _key: fail(), raising=False)

    with pytest.raises(errors.WorkflowError, match=r"does not respond\. So nothing was sent"):
        task.run()

    assert emulator.requests(vendor.conn_type) == []


def test_a_run_whose_id_cannot_be_stored_is_stopped(vendor: VendorCase, emulator: Emulator) -> None:
    """The error names it."""
    task = Task(lambda: vendor.task(vendor.goes_on))
    task.store = Store(EXECUTION_ID, fail, stored=False)

    with pytest.raises(errors.WorkflowError, match="could not store") as failed:
        task.run()

    (run,) = runs(emulator, vendor)
    assert failed.value.execution_id == run["execution_id"]
    assert_stopped(vendor, emulator, run["execution_id"], str(failed.value))


def test_a_start_that_was_rejected_leaves_no_intent(vendor: VendorCase, emulator: Emulator) -> None:
    """So the retry sends it again; it does not report that a run may exist."""
    emulator.fail(vendor.conn_type, vendor.start, "status", status=403)
    task = Task(vendor.task, retries=1)

    record = task.run()

    assert [type(error) for error in task.errors] == [errors.AuthFailed]
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


def test_a_task_that_is_told_to_stop_while_it_stores_the_intent_sends_nothing(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """Airflow calls ``on_kill`` in a signal handler; there is no run to stop yet."""
    task = Task(vendor.task)
    task.store = Store(INTENT, lambda: task.operator.on_kill())  # noqa: PLW0108  # the operator is made later

    with pytest.raises(errors.ExecutionStopped):
        task.execute()

    assert starts(emulator, vendor) == []
    assert KEY not in task.store
