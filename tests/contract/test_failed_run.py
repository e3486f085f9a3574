"""``on_failed_run``: after a run that failed, a retry lets the vendor run it again. That is a start like any other."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.contract import blocking_and_deferred, requests, runs, starts
from tests.contract.crash import ProcessKilled, Store
from tests.fake_airflow import Task
from tests.vendors import ROWS, VendorCase

each_way = pytest.mark.parametrize(
    ("vendor", "how"),
    [
        pytest.param(row.values[0], how, id=f"{row.id} {how}", marks=row.marks)
        for row in ROWS
        for how in row.values[0].continues
    ],
)


def make(emulator: Emulator, vendor: VendorCase, how: str, *, fail: int = 1, **options: Any) -> Task:
    """Return a task whose workflow fails so many times, and then succeeds."""

    def operator() -> Any:
        workflow = vendor.new_workflow.format(7)
        ends = vendor.fails_later if task.tries <= fail else {}
        emulator.add_workflow(vendor.conn_type, workflow, **vendor.added, **ends)
        return vendor.task(workflow, on_failed_run=how, retries=3, **options)

    task = Task(operator, retries=3)
    return task


@each_way
@blocking_and_deferred
def test_a_retry_lets_the_vendor_run_a_failed_run_again(
    vendor: VendorCase, how: str, emulator: Emulator, deferrable: bool
) -> None:
    """
    The task returns the run that has succeeded.

    A run that was continued and has come no further than before is not continued itself: the run before is, once more.
    """
    operation, earlier = vendor.continues[how]
    task = make(emulator, vendor, how, fail=2, deferrable=deferrable)

    record = task.run()

    known = runs(emulator, vendor)
    last = known[0] if how == "resume" else known[1]
    assert [run.get(earlier) for run in known] == [None, known[0]["execution_id"], last["execution_id"]]
    assert (record["execution_id"], record["state"]) == (known[2]["execution_id"], "succeeded")
    assert len(starts(emulator, vendor)) == 1
    assert len(requests(emulator, vendor, operation)) == 2


@each_way
def test_a_changed_input_is_submitted_anew(vendor: VendorCase, how: str, emulator: Emulator) -> None:
    task = make(emulator, vendor, how)
    made = task.make

    def changed() -> Any:
        operator = made()
        setattr(operator, vendor.input, vendor.make_input(f"try {task.tries}"))
        return operator

    task.make = changed
    task.run()

    assert requests(emulator, vendor, vendor.continues[how][0]) == []
    assert len(starts(emulator, vendor)) == len(runs(emulator, vendor)) == 2


@each_way
@pytest.mark.parametrize("fault", ["reset", "server_error", "not_json"])
def test_a_lost_response_is_a_lost_start(
    vendor: VendorCase, how: str, emulator: Emulator, fault: str
) -> None:
    """Nothing is sent again, in this try or a later one: a run may exist."""
    operation, _ = vendor.continues[how]
    emulator.fail(vendor.conn_type, operation, fault, carry_out=True)
    task = make(emulator, vendor, how)

    with pytest.raises(errors.LostStart, match="may exist"):
        task.run()
    with pytest.raises(errors.LostStart, match="may exist"):
        task.try_once()

    assert len(requests(emulator, vendor, operation)) == 1
    assert len(runs(emulator, vendor)) == 2


@each_way
@pytest.mark.parametrize(("write", "stored"), [(3, True), (4, False)], ids=["before it", "after it"])
def test_a_process_that_is_killed_at_a_rerun_leaves_a_lost_start(
    vendor: VendorCase, how: str, emulator: Emulator, write: int, stored: bool
) -> None:
    """
    Between the intent and the id; no data of the vendor prove which run it became.

    The nonce of the first start proves nothing: the vendor repeats it in each run with that input.
    """
    emulator.configure(vendor.conn_type, **vendor.shows_nonce)
    task = make(emulator, vendor, how, **vendor.with_nonce)

    def kill() -> None:
        raise ProcessKilled

    task.store = Store(write, kill, stored=stored)
    with pytest.raises(errors.ExecutionFailed):
        task.try_once()
    with pytest.raises(ProcessKilled):
        task.try_once()
    first = runs(emulator, vendor)[0]["execution_id"]
    with pytest.raises(errors.LostStart, match=f"run execution {first} again, .* may exist"):
        task.try_once()

    sent = 0 if stored else 1
    assert len(requests(emulator, vendor, vendor.continues[how][0])) == sent
    assert len(runs(emulator, vendor)) == 1 + sent


@each_way
@blocking_and_deferred
def test_a_retry_reattaches_to_a_rerun_that_goes_on(
    vendor: VendorCase, how: str, emulator: Emulator, deferrable: bool
) -> None:
    task = make(emulator, vendor, how, deferrable=deferrable)

    def kill() -> None:
        raise ProcessKilled

    task.store = Store(4, kill)
    with pytest.raises(errors.ExecutionFailed):
        task.try_once()
    with pytest.raises(ProcessKilled):
        task.try_once()

    record = task.run()

    assert [run["execution_id"] for run in runs(emulator, vendor)][1:] == [record["execution_id"]]
    assert len(requests(emulator, vendor, vendor.continues[how][0])) == 1


@each_way
def test_a_retry_after_a_rejected_rerun_submits_a_new_run(
    vendor: VendorCase, how: str, emulator: Emulator
) -> None:
    """The vendor may have deleted the run meanwhile; the error names it."""
    emulator.fail(vendor.conn_type, vendor.continues[how][0], "status", status=404)
    task = make(emulator, vendor, how)

    record = task.run()

    first = runs(emulator, vendor)[0]["execution_id"]
    assert [type(error) for error in task.errors] == [errors.ExecutionFailed, errors.NotFound]
    assert f"execution {first}" in str(task.errors[1])
    assert "Nothing was started" in str(task.errors[1])
    assert record["state"] == "succeeded"
    assert len(starts(emulator, vendor)) == len(runs(emulator, vendor)) == 2


@each_way
def test_without_a_state_store_a_new_run_is_submitted(
    vendor: VendorCase, how: str, emulator: Emulator
) -> None:
    """Before Airflow 3.3 a retry knows nothing of the run that failed."""
    task = make(emulator, vendor, how)
    task.store = None

    task.run()

    assert requests(emulator, vendor, vendor.continues[how][0]) == []
    assert len(starts(emulator, vendor)) == 2


@each_way
def test_a_batch_has_no_such_parameter(vendor: VendorCase, how: str) -> None:
    with pytest.raises(errors.InvalidInput, match="on_failed_run does nothing"):
        vendor.batch(vendor.inputs(2), on_failed_run=how)
