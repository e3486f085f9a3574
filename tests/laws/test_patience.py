"""A wait that has trouble goes on to its deadline; one that ends for good leaves no run going unseen."""

from __future__ import annotations

from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import AirflowFailException, TaskDeferred

from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.laws import blocking_and_deferred, calls, runs, start
from tests.laws.dying import died
from tests.task import Task, new_id
from tests.vendors import Vendor


def run_through(task: Task) -> Any:
    """Run one try to its end, however often it defers again."""
    outcome: Any = None
    step = task.execute
    while True:
        try:
            return step()
        except TaskDeferred as deferred:
            outcome = deferred
        event = task.fire(outcome)
        step = lambda: task.resume(outcome, event)  # noqa: B023, E731  # called before the next round


@pytest.fixture
def short_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a worker give up the read of a result at once, so that a test need not wait for it."""
    monkeypatch.setattr("airflow_workflow_providers.operators.waiting.RESULT_PATIENCE", 0.05)


@blocking_and_deferred
@pytest.mark.usefixtures("short_reads")
def test_the_read_of_a_result_is_as_patient_as_a_status_check(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The run is over, and its vendor answers 503 for a while: the record arrives, with no retry to help."""
    emulator.set_pace(looks=2)
    emulator.fail(vendor.conn_type, vendor.look, "server_error", status=503, times=6, after=2)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    record = run_through(task)

    assert record["state"] == "succeeded"
    assert task.tries == 1
    assert len(runs(emulator, vendor)) == 1
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@pytest.mark.usefixtures("short_reads")
def test_a_deferrable_task_waits_for_a_result_in_the_triggerer(vendor: Vendor, emulator: Emulator) -> None:
    """No worker is held while the vendor is down."""
    emulator.set_pace(looks=3)
    task = Task(lambda: vendor.task(deferrable=True))
    with pytest.raises(TaskDeferred) as deferred:
        task.execute()
    event = task.fire(deferred.value)
    emulator.fail(vendor.conn_type, vendor.look, "server_error", status=503, times=4)

    with pytest.raises(TaskDeferred) as again:
        task.resume(deferred.value, event)

    assert event["outcome"] == "ended"
    assert again.value.trigger.serialize()[1]["deadline"] == deferred.value.trigger.serialize()[1]["deadline"]


@blocking_and_deferred
@pytest.mark.usefixtures("short_reads")
def test_a_result_that_cannot_be_read_before_the_deadline_ends_in_an_error_that_says_so(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """It is no failure of the run, which is not stopped: it is over."""
    emulator.set_pace(looks=2)
    emulator.fail(vendor.conn_type, vendor.look, "server_error", status=503, times=None, after=2)

    with pytest.raises(errors.ExecutionTimedOut, match="is over, and its result could not be read"):
        run_through(Task(lambda: vendor.task(deferrable=deferrable, timeout=0.5)))

    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@blocking_and_deferred
@pytest.mark.usefixtures("short_reads")
def test_a_vendor_that_can_be_read_again_is_waited_for_again(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """Five garbled status checks, and then the run is QUEUED: it is waited for, by the same try, to its end."""
    emulator.set_pace(looks=9)
    # Five are seen by one wait: the worker looks once before it defers.
    emulator.fail(vendor.conn_type, vendor.look, "html", times=5 + deferrable)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with structlog.testing.capture_logs() as logs:
        record = run_through(task)

    assert record["state"] == "succeeded"
    assert task.tries == 1
    assert len(runs(emulator, vendor)) == 1
    assert any("can be read again" in str(entry) for entry in logs)


@blocking_and_deferred
def test_a_wait_that_ends_for_good_stops_the_run_or_says_that_it_goes_on(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """Nobody watches the run any more, so nobody pays for it where it can be stopped."""
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None)

    with pytest.raises(errors.UnreadableAnswer) as given_up:
        run_through(Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable)))

    (run,) = runs(emulator, vendor)
    assert run["execution_id"] in str(given_up.value)
    assert run["stops"] == (1 if vendor.stop else 0)
    assert ("was asked to stop" if vendor.stop else "goes on") in str(given_up.value)


@pytest.mark.parametrize(("mode", "pokes"), [("poke", 5), ("reschedule", 1)])
def test_a_sensor_ends_on_an_id_that_nobody_knows(
    vendor: Vendor, emulator: Emulator, mode: str, pokes: int
) -> None:
    """In ``mode="reschedule"`` each poke is a new process, which cannot know of the pokes before."""
    if vendor.conn_type == "refold":
        emulator.configure("refold", unknown_execution="404")
    unknown = "79999" if vendor.conn_type in ("datalab", "promptlayer") else new_id()
    task = Task(lambda: vendor.sensor(task_id="wait", execution_id=unknown, poke_interval=0.01, mode=mode))
    sensor = task.make()

    for _ in range(pokes - 1):
        assert sensor.poke(task.context(sensor)) is False
    with pytest.raises(errors.NotFound, match=unknown):
        sensor.poke(task.context(sensor))

    assert len(calls(emulator, vendor, vendor.look)) >= 5


@blocking_and_deferred
def test_a_retry_after_our_own_stop_submits_a_new_run(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """The vendor still says RUNNING just after it was asked to stop: the retry must not wait for a dying run."""
    if vendor.stop is None:
        assert vendor.hook().try_to_stop("70001").asked is False
        return
    emulator.fail(vendor.conn_type, vendor.stop, "status", status=200, body={"message": "ok"}, times=None)
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=0.4), retries=1)

    with pytest.raises(errors.ExecutionTimedOut):
        task.run()

    assert len(calls(emulator, vendor, vendor.stop)) == 2
    assert len(runs(emulator, vendor)) == 2


@blocking_and_deferred
def test_each_status_is_said_once(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """By the worker and the triggerer together; with the vendor's page of the run, where there is one."""
    emulator.set_pace(looks=4)

    with structlog.testing.capture_logs() as logs:
        record = run_through(Task(lambda: vendor.task(deferrable=deferrable)))

    said = [str(entry["event"]) for entry in logs if "event" in entry]
    statuses = [text for text in said if text.startswith(f"Execution {record['execution_id']} is ")]
    assert statuses
    assert len(statuses) == len(set(statuses))
    if record["url"]:
        assert len([text for text in said if record["url"] in text]) == 1


def test_a_bad_id_in_the_response_to_a_start_is_a_lost_start(vendor: Vendor, emulator: Emulator) -> None:
    """Nobody could look at such a run; it may exist."""
    bodies = {
        "refold": lambda bad: {"execution_id": bad},
        "datalab": lambda bad: {"execution_id": bad, "status": "processing"},
        "promptlayer": lambda bad: {"success": True, "workflow_version_execution_id": bad},
        "altostrat": lambda bad: {"id": bad, "status": "pending"},
        "laminar": lambda bad: {"jobExecutionId": bad, "status": "queued"},
    }
    for bad in ("", " ", ".", "..", "None", "a/b", "a\nb", "x" * 201, None, [], True):
        emulator.fail(
            vendor.conn_type, vendor.start, "status", status=200, body=bodies[vendor.conn_type](bad)
        )
        with pytest.raises(errors.LostStart) as lost:
            Task(vendor.task).run()
        assert isinstance(lost.value, AirflowFailException)


def test_a_run_of_another_account_is_never_reattached_to(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection leads elsewhere at the retry, where the same number is somebody else's run."""
    task = Task(vendor.task, retries=1)
    died(task, 2)
    (old,) = runs(emulator, vendor)
    with Emulator() as elsewhere:
        elsewhere.set_pace(seconds=0)
        connect(monkeypatch, vendor, elsewhere)
        somebodys = start(vendor, vendor.succeeds)

        with structlog.testing.capture_logs() as logs:
            record = task.try_once()

        assert [run["execution_id"] for run in runs(elsewhere, vendor)] == [somebodys, record["execution_id"]]
        assert not [
            call for call in calls(elsewhere, vendor, vendor.look) if call["execution_id"] == somebodys
        ]
    assert any(old["execution_id"] in str(entry) and "another account" in str(entry) for entry in logs)
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]
