"""What is stored before a start is sent, and right after."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from airflow_workflow_providers.operators.start_store import KEY
from tests.laws import blocking_and_deferred, runs, starts
from tests.laws.dying import Store, refuse
from tests.task import Task
from tests.vendors import Vendor


@blocking_and_deferred
def test_an_intent_is_stored_before_the_post_and_the_id_right_after(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """At the first write the vendor has not been asked; at the second it has, and has not been looked at."""
    task = Task(lambda: vendor.task(deferrable=deferrable))
    seen: list[tuple[int, int]] = []

    class Watching(Store):
        def set(self, key: str, value: Any) -> None:
            looks = len(emulator.calls(vendor.conn_type, vendor.look))
            seen.append((starts(emulator, vendor), looks))
            super().set(key, value)

    store = task.store = Watching()
    task.run()

    assert seen == [(0, 0), (1, 0)]
    assert [write["execution_id"] for write in store.writes] == [
        None,
        runs(emulator, vendor)[0]["execution_id"],
    ]


def test_a_start_whose_intent_cannot_be_stored_is_not_sent(vendor: Vendor, emulator: Emulator) -> None:
    """A process that Airflow does not hear any more must not start what nobody would know of."""
    task = Task(vendor.task)
    task.store = Store(1, refuse, acknowledged=False)

    with pytest.raises(errors.WorkflowError, match="nothing was started"):
        task.run()

    assert starts(emulator, vendor) == 0


def test_a_run_whose_id_cannot_be_stored_is_stopped_and_named(vendor: Vendor, emulator: Emulator) -> None:
    """Where a vendor cannot stop a run, the error says so."""
    task = Task(lambda: vendor.task(vendor.goes_on))
    task.store = Store(2, refuse, acknowledged=False)

    with pytest.raises(errors.WorkflowError, match="could not store") as failed:
        task.run()

    (run,) = runs(emulator, vendor)
    assert run["stops"] == (1 if vendor.stop else 0)
    assert run["execution_id"] in str(failed.value)
    assert failed.value.execution_id == run["execution_id"]


def test_a_start_that_was_refused_leaves_no_intent(vendor: Vendor, emulator: Emulator) -> None:
    """A retry after a refusal asks again, and says the refusal, not that a run may exist."""
    emulator.fail(vendor.conn_type, vendor.start, "status", status=403)
    task = Task(vendor.task, retries=1)

    record = task.run()

    assert isinstance(task.errors[0], errors.AuthFailed)
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


def test_a_task_that_was_told_to_stop_before_the_post_sends_none(vendor: Vendor, emulator: Emulator) -> None:
    """The signal comes while the intent is written; the operator is asked to stop, and there is nothing to stop yet."""
    task = Task(vendor.task)
    task.store = Store(1, lambda: task.operator.on_kill())  # noqa: PLW0108  # the operator is not there yet

    with pytest.raises(errors.ExecutionStopped):
        task.execute()

    assert starts(emulator, vendor) == 0
    assert KEY not in task.store
