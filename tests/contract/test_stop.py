"""Guarantee 6: a task that a person ends stops its run, once. If the vendor cannot stop it, the log or the error says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import TaskDeferred

from airflow_workflow_providers.compat import FORGETS_ON_CLEAR, HAS_REQUIRED_ACTIONS, HAS_TRIGGER_ON_KILL
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.core.waiter import GIVE_UP
from airflow_workflow_providers.emulator import Emulator
from tests.contract import (
    Airflow,
    assert_stopped,
    requests,
    runs,
    signal_once,
    start,
    status_checks,
    text_of,
    trigger_for,
    vendors_with_a_stop,
)
from tests.fake_airflow import Task, first_event
from tests.vendors import VendorCase


def kill(trigger: Any) -> str:
    """Call ``on_kill`` of a trigger, and return what it logs."""
    with structlog.testing.capture_logs() as logs:
        asyncio.run(trigger.on_kill())
    return text_of(logs)


async def waiting(emulator: Emulator, vendor: VendorCase, trigger: Any) -> asyncio.Task[Any]:
    """Let a trigger run, and return it after its first status check."""
    task = asyncio.create_task(first_event(trigger))
    while not status_checks(emulator, vendor):
        await asyncio.wait([task], timeout=0.05)
    return task


def assert_left_alone(task: Task, task_is: Callable[[str | None], Airflow]) -> None:
    """Assert that the trigger of a task that a person has ended does nothing, and does not ask Airflow why it ended."""
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    airflow = task_is("failed")

    kill(task.trigger(deferral.value))

    assert airflow.questions == 0


# -- in the triggerer ----------------------------------------------------------------------------------------------


def test_a_trigger_stops_the_run_of_a_task_that_a_person_has_ended(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    for state in ("failed", "success", "skipped", "removed"):
        task_is(state)
        run_id = start(vendor, vendor.goes_on)
        assert_stopped(vendor, emulator, run_id, kill(trigger_for(vendor, run_id)))


def test_a_trigger_leaves_a_run_alone_for_which_a_task_waits(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow calls ``on_kill`` in these cases too. The log says why nothing is stopped."""
    run_id = start(vendor, vendor.goes_on)
    # None: the task is cleared, and its next try reattaches to the run. "deferred": the trigger moves to another triggerer.
    for state in (None, "deferred", "scheduled", "queued", "running", "up_for_retry"):
        task_is(state)
        log = kill(trigger_for(vendor, run_id))
        assert f"Execution {run_id} is left alone: its task is {state or 'none'}." in log

    assert [request["operation"] for request in requests(emulator, vendor)] == [vendor.start]


def test_a_trigger_stops_the_run_of_a_cleared_task_whose_next_try_does_not_know_it(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Where Airflow keeps what a task has stored, the next try stops it, or reattaches to it."""
    for state in (None, "scheduled", "queued", "running"):
        task_is(state)
        run_id = start(vendor, vendor.goes_on)
        # Nothing is asked if neither parameter can stop it.
        kills = not FORGETS_ON_CLEAR
        log = kill(trigger_for(vendor, run_id, cancel_on_clear=True, cancel_on_kill=kills))
        if FORGETS_ON_CLEAR:
            assert_stopped(vendor, emulator, run_id, log)
        else:
            assert f"Execution {run_id} is left alone: its task is {state or 'none'}." in log

    for state in ("deferred", "up_for_retry"):
        task_is(state)
        run_id = start(vendor, vendor.goes_on)
        assert "is left alone" in kill(trigger_for(vendor, run_id, cancel_on_clear=True))


@pytest.mark.skipif(
    not HAS_REQUIRED_ACTIONS, reason="an answer does not resume a deferred task on this Airflow"
)
def test_a_trigger_leaves_the_run_of_a_task_alone_that_an_answer_has_resumed(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """An answer from before the trigger has resumed no task, so the task was cleared."""
    airflow = task_is("scheduled")
    trigger = trigger_for(vendor, start(vendor, vendor.goes_on), cancel_on_clear=True)
    airflow.answered_at = datetime.now(timezone.utc)
    assert "is left alone" in kill(trigger)

    airflow.answered_at -= timedelta(hours=1)
    assert ("is left alone" in kill(trigger)) is not FORGETS_ON_CLEAR


def test_a_trigger_leaves_the_run_of_a_task_alone_that_airflow_resumes_after_the_deadline(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """The worker then stops it, unless ``cancel_on_timeout`` is False."""
    task_is("scheduled")
    run_id = start(vendor, vendor.goes_on)
    log = kill(trigger_for(vendor, run_id, cancel_on_clear=True, deadline=time.time() - 1))

    assert f"Execution {run_id} is left alone: its task is scheduled." in log


@pytest.mark.parametrize(
    ("options", "expected"),
    [({}, True), ({"cancel_on_kill": False}, True), ({"on_clear": "reattach"}, False)],
    ids=str,
)
def test_a_task_whose_run_is_not_for_the_next_try_says_so_to_its_trigger(
    vendor: VendorCase, emulator: Emulator, options: dict[str, Any], expected: bool
) -> None:
    if vendor.stop is None:
        options = {name: value for name, value in options.items() if name != "cancel_on_kill"}
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, **options))
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    assert deferral.value.trigger.serialize()[1]["cancel_on_clear"] is expected


@vendors_with_a_stop
def test_a_trigger_leaves_the_run_alone_with_cancel_on_kill_false(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """The parameters go from the operator to the trigger; Airflow is not asked for the state of the task."""
    options = {"cancel_on_kill": False, "on_clear": "reattach"}
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, **options))

    assert_left_alone(task, task_is)
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


def test_a_stop_survives_repeated_cancellation(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow 3.3 cancels a running ``on_kill`` again each second. The run is stopped all the same, once."""
    task_is("failed")
    if vendor.stop:  # two requests, with a cancellation between them
        emulator.fail(vendor.conn_type, vendor.stop, "rate_limit", retry_after=1)
    run_id = start(vendor, vendor.goes_on)

    async def kill_and_cancel() -> None:
        killing = asyncio.create_task(trigger_for(vendor, run_id).on_kill())
        for _ in range(5):
            await asyncio.wait([killing], timeout=0.05)
            killing.cancel()
        await asyncio.wait([killing])

    with structlog.testing.capture_logs() as logs:
        asyncio.run(kill_and_cancel())

    assert_stopped(vendor, emulator, run_id, text_of(logs))


def test_a_deferred_task_that_a_person_ends_stops_its_run(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow 3.3 cancels the wait and calls ``on_kill``; earlier versions only cancel the wait."""
    task_is("failed")
    run_id = start(vendor, vendor.goes_on)

    async def end() -> None:
        trigger = trigger_for(vendor, run_id)
        wait = await waiting(emulator, vendor, trigger)
        wait.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait
        if HAS_TRIGGER_ON_KILL:
            await trigger.on_kill()

    with structlog.testing.capture_logs() as logs:
        asyncio.run(end())

    assert_stopped(vendor, emulator, run_id, text_of(logs))


@vendors_with_a_stop
def test_a_stop_that_fails_in_the_triggerer_is_logged_with_the_run(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    task_is("failed")
    emulator.fail(vendor.conn_type, vendor.stop, "status", status=403, times=None)
    run_id = start(vendor, vendor.goes_on)

    log = kill(trigger_for(vendor, run_id))

    assert f"Execution {run_id} may still be going: it was not stopped" in log
    assert "HTTP 403" in log


def test_a_sensor_that_a_person_ends_leaves_the_run_alone(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Another task has started the run."""
    run_id = start(vendor, vendor.goes_on)
    options = {"execution_id": run_id, "poke_interval": 0.01, "deferrable": True}

    assert_left_alone(Task(lambda: vendor.sensor(task_id="wait", **options)), task_is)
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


def test_a_restart_of_the_triggerer_stops_nothing(
    vendor: VendorCase, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """The trigger is cancelled while its task is deferred."""
    task_is("deferred")
    run_id = start(vendor, vendor.goes_on)

    async def restart() -> None:
        wait = await waiting(emulator, vendor, trigger_for(vendor, run_id))
        wait.cancel()
        with pytest.raises(asyncio.CancelledError):
            await wait

    asyncio.run(restart())

    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


# -- on the worker -------------------------------------------------------------------------------------------------


class Kill:
    """
    A signal handler that calls ``on_kill`` of a task's operator twice, while the response to a status check is held back.

    :param task: the task.
    """

    def __init__(self, vendor: VendorCase, emulator: Emulator, task: Task) -> None:
        self.vendor, self.emulator, self.task = vendor, emulator, task
        self.before = len(status_checks(emulator, vendor))
        self.stops: list[Any] = []
        emulator.fail(vendor.conn_type, vendor.get_status, "hold")

    def is_due(self) -> bool:
        """Whether the status of this task's run is being checked; a late check of another test does not count."""
        run_id = getattr(self.task.operator, "_execution_id", None)
        new = status_checks(self.emulator, self.vendor)[self.before :]
        return run_id is not None and any(run_id in str(check) for check in new)

    def __call__(self) -> None:
        self.task.operator.on_kill()
        self.task.operator.on_kill()
        if self.vendor.stop:
            self.stops = requests(self.emulator, self.vendor, self.vendor.stop)
        self.emulator.release()


def test_a_worker_that_is_told_to_stop_stops_the_run_at_once(vendor: VendorCase, emulator: Emulator) -> None:
    """Airflow calls ``on_kill`` in a signal handler and continues the task, which must not end as a success."""
    task = Task(lambda: vendor.task(vendor.goes_on, timeout=20))
    kill = Kill(vendor, emulator, task)

    with (
        signal_once(kill.is_due, kill),
        pytest.raises(errors.ExecutionStopped, match="told to stop") as stopped,
    ):
        task.run()

    (run,) = runs(emulator, vendor)
    assert stopped.value.execution_id == run["execution_id"]
    assert len(kill.stops) == (1 if vendor.stop else 0)
    assert_stopped(vendor, emulator, run["execution_id"], str(stopped.value))


@pytest.mark.parametrize("event", ["of its trigger", "of a person"])
def test_a_task_that_was_resumed_stops_its_run_too(
    vendor: VendorCase, emulator: Emulator, event: str
) -> None:
    """The operator that resumes is a new object, and it knows the run before its first request."""
    emulator.set_pace(status_checks=3)
    workflow = vendor.succeeds if event == "of its trigger" else vendor.goes_on
    task = Task(lambda: vendor.task(workflow, deferrable=True, timeout=20))
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    given = task.fire(deferral.value) if event == "of its trigger" else {"chosen_options": ["Approve"]}
    kill = Kill(vendor, emulator, task)

    with signal_once(kill.is_due, kill), pytest.raises(errors.ExecutionStopped) as stopped:
        task.resume(deferral.value, given)

    (run,) = runs(emulator, vendor)
    assert len(kill.stops) == (1 if vendor.stop else 0)
    if vendor.stop:  # a run that has ended is not stopped, so its number of stops says nothing here
        assert f"was asked to stop execution {run['execution_id']}" in str(stopped.value)
    else:
        assert_stopped(vendor, emulator, run["execution_id"], str(stopped.value))


@vendors_with_a_stop
def test_a_retry_submits_a_new_run_after_a_worker_was_told_to_stop(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """The vendor's status is still RUNNING just after the stop."""
    emulator.fail(vendor.conn_type, vendor.stop, "status", status=200, body={"message": "ok"})
    emulator.set_pace(status_checks=6)
    task = Task(lambda: vendor.task(timeout=20), retries=1)

    with signal_once(lambda: status_checks(emulator, vendor), lambda: task.operator.on_kill()):  # noqa: PLW0108  # the operator is made later
        record = task.run()

    assert [type(error) for error in task.errors] == [errors.ExecutionStopped]
    assert [run["execution_id"] for run in runs(emulator, vendor)][1:] == [record["execution_id"]]


@vendors_with_a_stop
def test_a_retry_reattaches_after_a_worker_was_told_to_stop_with_cancel_on_kill_false(
    vendor: VendorCase, emulator: Emulator
) -> None:
    """As when a pod is evicted: the run goes on, and the task returns its result."""
    emulator.set_pace(status_checks=6)
    task = Task(lambda: vendor.task(cancel_on_kill=False, timeout=20), retries=1)

    with signal_once(lambda: status_checks(emulator, vendor), lambda: task.operator.on_kill()):  # noqa: PLW0108  # the operator is made later
        record = task.run()

    (error,) = task.errors
    (run,) = runs(emulator, vendor)
    assert isinstance(error, errors.ExecutionStopped)
    assert f"Execution {run['execution_id']} goes on (cancel_on_kill=False)." in str(error)
    assert record["execution_id"] == run["execution_id"]
    assert run["stops"] == 0


# -- by an answer --------------------------------------------------------------------------------------------------


def given_up(task: Task) -> errors.ExecutionGivenUp:
    """Give up a run that waits for a person. Only runs of Altostrat do, so the question is written into the wait here."""
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()
    assert deferral.value.kwargs is not None
    deferral.value.kwargs["wait"]["question"] = "open"
    with pytest.raises(errors.ExecutionGivenUp) as raised:
        task.resume(deferral.value, {"chosen_options": [GIVE_UP]})
    return raised.value


def test_a_run_that_a_person_gives_up_is_stopped_and_the_task_has_no_retry(
    vendor: VendorCase, emulator: Emulator
) -> None:
    error = given_up(Task(lambda: vendor.task(vendor.goes_on, deferrable=True), retries=2))

    (run,) = runs(emulator, vendor)
    assert error.execution_id == run["execution_id"]
    assert_stopped(vendor, emulator, run["execution_id"], str(error))
    assert isinstance(error, errors.AirflowFailException)


@vendors_with_a_stop
def test_a_run_that_a_person_gives_up_goes_on_with_cancel_on_kill_false(
    vendor: VendorCase, emulator: Emulator
) -> None:
    error = given_up(Task(lambda: vendor.task(vendor.goes_on, deferrable=True, cancel_on_kill=False)))

    (run,) = runs(emulator, vendor)
    assert run["stops"] == 0
    assert f"Execution {run['execution_id']} goes on (cancel_on_kill=False)" in str(error)
