"""
What every vendor must do in every mode. Verdicts come from the emulator's ledger: what was asked of the vendor.

The numbers are those of the laws in CONTRIBUTING.md. Laws that a vendor cannot obey are named there, and nowhere else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
import structlog
from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    AirflowTaskTimeout,
    BaseHook,
    TaskDeferred,
)
from airflow.sdk.execution_time import task_runner

from airflow_workflow_providers.compat import TRIGGER_HEARS_KILLS, TaskDeferralTimeout
from airflow_workflow_providers.core import errors
from airflow_workflow_providers.emulator import Emulator
from tests.conftest import connect
from tests.task import Task, first_event, outcome
from tests.vendors import ROWS, Vendor

pytestmark = [
    pytest.mark.parametrize("vendor", ROWS),
    pytest.mark.usefixtures("emulator"),
]

blocking_and_deferred = pytest.mark.parametrize("deferrable", [False, True], ids=["blocking", "deferred"])


def runs(emulator: Emulator, vendor: Vendor) -> list[dict[str, Any]]:
    return emulator.runs(vendor.conn_type)


def calls(emulator: Emulator, vendor: Vendor, operation: str) -> list[dict[str, Any]]:
    return emulator.calls(vendor.conn_type, operation)


# -- 1. a start is sent once, unless nothing can have started -------------------------------------------------------


@blocking_and_deferred
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("lost_answer", {}),
        ("reset", {}),
        ("hang", {"carry_out": True}),
        ("html", {}),
        ("truncated", {}),
        ("list_body", {}),
        ("not_json", {}),
        ("server_error", {"carry_out": True}),
        ("server_error", {"status": 503}),
        ("server_error", {"status": 529}),
        ("status", {"status": 408}),
    ],
)
def test_a_start_whose_answer_was_lost_is_reported_and_not_repeated(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
    fault: str,
    options: dict[str, Any],
) -> None:
    """Whatever was lost, and however many retries the task has, the vendor is asked once."""
    if fault == "hang":
        connect(monkeypatch, vendor, emulator, read_timeout=1)
    emulator.fail(vendor.conn_type, vendor.start, fault, **options)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=3)

    with pytest.raises(errors.LostStart, match="a run may exist") as lost:
        task.run()

    assert isinstance(lost.value, AirflowFailException)
    assert vendor.hook.hook_name in str(lost.value)
    assert len(calls(emulator, vendor, vendor.start)) == 1
    assert task.tries == 1


@blocking_and_deferred
def test_a_start_that_was_refused_with_429_is_tried_again(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """429 says that nothing was done; the next attempt starts the one run."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=2, retry_after=0)

    assert outcome(Task(lambda: vendor.task(deferrable=deferrable)))[0] == "record"

    assert [call["status"] for call in calls(emulator, vendor, vendor.start)[:2]] == [429, 429]
    assert len(runs(emulator, vendor)) == 1


def test_a_start_that_never_left_is_tried_again_and_says_so(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing listens at the address: every attempt is safe, and the error says that nothing was started."""
    change_connection(monkeypatch, vendor, emulator, vendor.at("http://127.0.0.1:9"))
    task = vendor.task()
    slept: list[float] = []
    task.hook.sleep = slept.append

    with pytest.raises(errors.Unavailable, match="Nothing was started") as down:
        task.execute(Task(lambda: task).context(task))

    assert not down.value.sent
    assert len(slept) == 4
    assert runs(emulator, vendor) == []


def test_quota_that_stays_exhausted_ends_in_an_error_with_its_retry_time(
    vendor: Vendor, emulator: Emulator
) -> None:
    """The vendor's own number reaches whoever decides on a retry."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=None, retry_after=7)
    task = vendor.task()
    slept: list[float] = []
    task.hook.sleep = slept.append

    with pytest.raises(errors.QuotaExceeded) as quota:
        task.execute(Task(lambda: task).context(task))

    assert quota.value.retry_after == 7
    assert slept == [7, 7, 7, 7]
    assert runs(emulator, vendor) == []


def test_a_start_is_not_tried_again_past_the_deadline(vendor: Vendor, emulator: Emulator) -> None:
    """A vendor that asks for more time than is left gets no second call, and the task no longer wait."""
    emulator.fail(vendor.conn_type, vendor.start, "rate_limit", times=None, retry_after=7)
    task = vendor.task(timeout=2)

    with pytest.raises(errors.QuotaExceeded, match="Nothing was started"):
        task.execute(Task(lambda: task).context(task))

    assert len(calls(emulator, vendor, vendor.start)) == 1


# -- 2. a look that fails in passing costs nothing ------------------------------------------------------------------


@blocking_and_deferred
@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("rate_limit", {}),
        ("status", {"status": 408}),
        ("server_error", {"status": 500}),
        ("server_error", {"status": 503}),
        ("server_error", {"status": 529}),
        ("reset", {}),
        ("lost_answer", {}),
        ("hang", {}),
        ("html", {}),
        ("truncated", {}),
        ("list_body", {}),
    ],
)
def test_a_look_that_fails_in_passing_is_tried_again(
    vendor: Vendor,
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    deferrable: bool,
    fault: str,
    options: dict[str, Any],
) -> None:
    """Two such looks in a row, and the run still ends well."""
    if fault == "hang":
        connect(monkeypatch, vendor, emulator, read_timeout=1)
    emulator.fail(vendor.conn_type, vendor.look, fault, times=2, **options)

    assert outcome(Task(lambda: vendor.task(deferrable=deferrable)))[0] == "record"

    assert [call["fault"] for call in calls(emulator, vendor, vendor.look)[:2]] == [fault] * 2
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_retry_after_is_obeyed(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """The next look comes no sooner than the vendor asked."""
    emulator.fail(vendor.conn_type, vendor.look, "rate_limit", after=1, retry_after=1)

    Task(lambda: vendor.task(deferrable=deferrable)).run()

    looks = calls(emulator, vendor, vendor.look)
    refused = next(i for i, call in enumerate(looks) if call["status"] == 429)
    assert looks[refused + 1]["at"] - looks[refused]["at"] >= 0.99


@blocking_and_deferred
def test_a_look_that_makes_no_sense_for_long_ends_in_one_error(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """A page of a proxy is not waited on for a day; the error shows what came, and which run it was about."""
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with pytest.raises(errors.UnreadableAnswer, match=r"HTTP 200.*<html") as unreadable:
        task.run()

    assert runs(emulator, vendor)[0]["execution_id"] in str(unreadable.value)
    assert len(runs(emulator, vendor)) == 1


@blocking_and_deferred
def test_a_changed_key_is_read_anew(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, deferrable: bool
) -> None:
    """The key is changed while a task waits: the wait goes on with the new one."""
    task = Task(lambda: vendor.task(deferrable=deferrable))
    emulator.set_pace(looks=4)

    class ChangesTheKey:
        """Change it when the task has said that its run is known, which it does before any wait."""

        def __setitem__(self, key: str, value: Any) -> None:
            emulator.revoke(vendor.conn_type)
            connect(monkeypatch, vendor, emulator)

        def clear(self) -> None:
            """Forget nothing: nothing is kept."""

    task.xcom = ChangesTheKey()
    assert task.run()["state"] == "succeeded"

    statuses = [call["status"] for call in calls(emulator, vendor, vendor.look)]
    assert statuses.count(401) == 1
    assert {status for status in statuses if status >= 300} == {401}


def test_a_changed_key_is_read_once_for_all_triggers(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty triggers of a connection are refused at once; the connection is read once more, not twenty times."""
    emulator.set_pace(looks=3)
    started = [start(vendor, vendor.succeeds) for _ in range(20)]
    emulator.revoke(vendor.conn_type)
    reads = []
    airflows = BaseHook.get_connection

    async def read(_: type, conn_id: str) -> Any:
        connection = airflows(conn_id)
        reads.append(conn_id)
        connect(monkeypatch, vendor, emulator)  # the key is changed after the first read
        return connection

    monkeypatch.setattr(BaseHook, "aget_connection", classmethod(read))

    async def wait_for_all() -> list[Any]:
        return await asyncio.gather(
            *(first_event(trigger_of(vendor, execution_id)) for execution_id in started)
        )

    events = asyncio.run(wait_for_all())

    assert {event["outcome"] for event in events} == {"ended"}
    assert len(reads) == 2


@blocking_and_deferred
def test_a_wrong_key_is_not_tried_again(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """The connection is read anew, says the same, and the vendor is not asked twice with a key it has refused."""
    emulator.revoke(vendor.conn_type)

    with pytest.raises(errors.AuthFailed, match=f"{vendor.conn_type}_default"):
        Task(lambda: vendor.task(deferrable=deferrable)).run()

    assert [call["status"] for call in calls(emulator, vendor, vendor.start)] == [401]


# -- 3. a word that is not in the table is never success ------------------------------------------------------------


@blocking_and_deferred
def test_an_unknown_status_is_waited_on_and_ends_in_an_error_at_the_deadline(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """It is said once in the log, not once for each look."""
    emulator.fail(vendor.conn_type, vendor.look, "unknown_status", times=None, status="HIBERNATING")
    task = Task(lambda: vendor.task(deferrable=deferrable, timeout=1))

    with (
        structlog.testing.capture_logs() as logs,
        pytest.raises(errors.ExecutionTimedOut, match="HIBERNATING"),
    ):
        task.run()

    said = [entry for entry in logs if "HIBERNATING" in str(entry) and entry["log_level"] == "warning"]
    assert 1 <= len(said) <= (2 if deferrable else 1)  # the worker looks once before it defers
    assert len(calls(emulator, vendor, vendor.look)) > 2


# -- 4. one deadline, by the clock on the wall ----------------------------------------------------------------------


@blocking_and_deferred
@pytest.mark.parametrize("on_timeout", ["cancel", "leave"])
def test_the_deadline_names_the_run_and_does_with_it_what_was_asked(
    vendor: Vendor, emulator: Emulator, deferrable: bool, on_timeout: str
) -> None:
    """A run that is not over at the deadline is stopped, or left, as ``on_timeout`` says."""
    task = Task(
        lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=0.4, on_timeout=on_timeout)
    )

    with pytest.raises(errors.ExecutionTimedOut) as late:
        task.run()

    (run,) = runs(emulator, vendor)
    assert late.value.execution_id == run["execution_id"]
    assert run["execution_id"] in str(late.value)
    assert run["stops"] == (1 if on_timeout == "cancel" and vendor.stop else 0)


def test_the_deadline_survives_a_restart_of_the_triggerer(vendor: Vendor, emulator: Emulator) -> None:
    """The trigger that is made again from what was stored ends when the first would have ended."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True, timeout=2))
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    async def restarted() -> Any:
        first = asyncio.create_task(first_event(task.trigger(deferral.value)))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.shield(first), 0.2)
        first.cancel()
        return await first_event(task.trigger(deferral.value))

    event = asyncio.run(restarted())

    assert event["outcome"] == "timed_out"
    assert task.deferrals[0] == task.deferrals[1]
    assert runs(emulator, vendor)[0]["stops"] == 0


def test_the_smaller_of_timeout_and_execution_timeout_holds(vendor: Vendor, emulator: Emulator) -> None:
    """Airflow does not enforce ``execution_timeout`` while a task is deferred; the trigger does."""
    task = Task(
        lambda: vendor.task(
            vendor.goes_on,
            deferrable=True,
            timeout=timedelta(hours=1),
            execution_timeout=timedelta(seconds=30),
        )
    )
    with pytest.raises(TaskDeferred):
        task.execute()
    before = time.time()
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    kwargs = deferral.value.trigger.serialize()[1]
    assert before + 29 < kwargs["deadline"] < time.time() + 30.5
    assert len(runs(emulator, vendor)) == 1


def test_airflows_own_deferral_timeout_is_the_same_error(vendor: Vendor, emulator: Emulator) -> None:
    """If no triggerer was there to notice the deadline, the scheduler does; the outcome is the same."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()
    operator = task.make()

    with pytest.raises(errors.ExecutionTimedOut) as late:
        operator.resume_execution("__fail__", {"error": "Trigger timeout"}, task.context(operator))

    (run,) = runs(emulator, vendor)
    assert isinstance(late.value.__cause__, TaskDeferralTimeout)
    assert late.value.execution_id == run["execution_id"]
    assert run["stops"] == (1 if vendor.stop else 0)


@pytest.mark.parametrize("kind", ["operator", "sensor"])
@pytest.mark.parametrize("ends", ["well", "badly"])
def test_a_run_that_is_over_at_the_deadline_is_not_late(
    vendor: Vendor, emulator: Emulator, kind: str, ends: str
) -> None:
    """It ended while no triggerer was there to see it: its result is returned, or its failure raised; nothing is stopped."""
    workflow = vendor.succeeds if ends == "well" else vendor.fails
    emulator.set_pace(looks=9)
    task = Task(lambda: vendor.task(workflow, deferrable=True))
    if kind == "sensor":
        run_id = start(vendor, workflow)
        task = Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()
    emulator.set_pace(seconds=0)
    operator = task.make()

    def resume() -> Any:
        return operator.resume_execution("__fail__", {"error": "Trigger timeout"}, task.context(operator))

    if ends == "well":
        assert resume()["state"] == "succeeded"
    else:
        with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
            resume()
    assert [run["stops"] for run in runs(emulator, vendor)] == [0]


@pytest.mark.parametrize("clock", ["deferral", "execution_timeout"])
def test_a_sensor_that_airflows_own_clock_ends_names_its_run(
    vendor: Vendor, emulator: Emulator, clock: str
) -> None:
    """And as with all of Airflow's sensors, no retry is made."""
    run_id = start(vendor, vendor.goes_on)
    task = Task(lambda: vendor.sensor(task_id="wait", execution_id=run_id, deferrable=clock == "deferral"))
    sensor = task.make()

    def end() -> None:
        if clock == "deferral":
            sensor.resume_execution("__fail__", {"error": "Trigger timeout"}, task.context(sensor))
        sensor.poke = raising(AirflowTaskTimeout("Timeout"))
        sensor.execute(task.context(sensor))

    with pytest.raises(AirflowSensorTimeout, match=run_id) as late:
        end()

    assert isinstance(late.value, errors.ExecutionTimedOut)
    assert late.value.execution_id == run_id


@blocking_and_deferred
@pytest.mark.parametrize("timeout", [1e-6, 0.05, 60])
def test_a_sensor_with_soft_fail_is_skipped_whatever_became_of_its_run(
    vendor: Vendor, emulator: Emulator, deferrable: bool, timeout: float
) -> None:
    """Not over in time, or over and not well: no matter whether the worker or the triggerer has seen it."""
    emulator.set_pace(seconds=0)
    run_id = start(vendor, vendor.goes_on if timeout < 1 else vendor.fails)
    task = Task(
        lambda: vendor.sensor(
            task_id="wait",
            execution_id=run_id,
            deferrable=deferrable,
            poke_interval=0.01,
            timeout=timeout,
            soft_fail=True,
        )
    )

    with pytest.raises(AirflowSkipException):
        task.run()


@pytest.mark.parametrize("kind", ["operator", "sensor"])
def test_a_task_whose_trigger_has_failed_names_its_run(vendor: Vendor, emulator: Emulator, kind: str) -> None:
    """The trigger's own code failed, of which Airflow tells no more than that; the run is left for a retry to take up."""
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=True))
    if kind == "sensor":
        started = start(vendor, vendor.goes_on)
        task = Task(lambda: vendor.sensor(task_id="wait", execution_id=started, deferrable=True))
    with pytest.raises(TaskDeferred):
        task.execute()
    operator = task.make()

    with pytest.raises(errors.WorkflowError) as failed:
        operator.resume_execution("__fail__", {"error": "Trigger failure"}, task.context(operator))

    (run,) = runs(emulator, vendor)
    assert failed.value.execution_id == run["execution_id"]
    assert run["execution_id"] in str(failed.value)
    assert "may still be going" in str(failed.value)
    assert run["stops"] == 0


def raising(error: BaseException) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> Any:
        raise error

    return call


# -- 5. a retry takes up, a clear starts anew -----------------------------------------------------------------------


@blocking_and_deferred
def test_a_retry_takes_up_a_run_that_is_still_going(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The first try dies while it waits; the second waits for the same run."""
    emulator.fail(vendor.conn_type, vendor.look, "html", times=7)
    emulator.set_pace(looks=3)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=2)

    record = task.run()

    assert task.tries > 1
    assert [run["execution_id"] for run in runs(emulator, vendor)] == [record["execution_id"]]


@blocking_and_deferred
def test_a_retry_returns_the_result_of_a_run_that_has_succeeded(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """The run ended while nobody watched: its result is fetched, and nothing is started."""
    emulator.set_pace(seconds=0)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=2)
    emulator.fail(vendor.conn_type, vendor.look, "html", times=7)

    record = task.run()

    assert task.tries > 1
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
    task = Task(lambda: vendor.task(vendor.goes_on, deferrable=deferrable, timeout=0.4, on_timeout="leave"))
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


# -- 6. a task that a person ends stops its run, once ---------------------------------------------------------------


class Airflow:
    """Stands in for the triggerer's line to Airflow, over which a trigger asks for its task's state."""

    def __init__(self, state: str | None) -> None:
        self.state = state
        self.asked = 0

    def send(self, request: Any) -> Any:
        """Answer a GetTaskStates."""
        self.asked += 1
        return task_runner.TaskStatesResult(
            task_states={request.run_ids[0]: {request.task_ids[0]: self.state}}
        )


@pytest.fixture
def task_is(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str | None], Airflow]]:
    """Let Airflow say that the task is in some state."""

    def say(state: str | None) -> Airflow:
        airflow = Airflow(state)
        monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", airflow, raising=False)
        return airflow

    return say


def start(vendor: Vendor, workflow: str) -> str:
    """Start a run that no task waits for yet."""
    with closing(vendor.hook()) as hook:
        return hook.send(vendor.task(workflow).start_call(60.0)).execution_id


async def looking(emulator: Emulator, vendor: Vendor, trigger: Any) -> asyncio.Task[Any]:
    """Let a trigger run, and return when it has looked at the vendor."""
    waiting = asyncio.create_task(first_event(trigger))
    while not calls(emulator, vendor, vendor.look):
        await asyncio.wait([waiting], timeout=0.05)
    return waiting


def trigger_of(vendor: Vendor, execution_id: str, **options: Any) -> Any:
    parameters = {"deadline": time.time() + 60, "poll_interval": 0.01, "stop_on_kill": True, **options}
    trigger = vendor.trigger(conn_id=f"{vendor.conn_type}_default", execution_id=execution_id, **parameters)
    trigger.task_instance = Task(vendor.task).context(vendor.task())["ti"]
    return trigger


@pytest.mark.parametrize(
    ("state", "stopped"),
    [
        ("failed", True),
        ("success", True),
        ("skipped", True),
        ("removed", True),
        (None, False),  # cleared: the next try takes the run up or stops it
        ("scheduled", False),
        ("queued", False),
        ("running", False),
        ("deferred", False),  # given to another triggerer
        ("up_for_retry", False),
    ],
)
def test_a_killed_trigger_stops_the_run_only_if_nobody_waits_for_it(
    vendor: Vendor,
    emulator: Emulator,
    task_is: Callable[[str | None], Airflow],
    state: str | None,
    stopped: bool,
) -> None:
    """Airflow calls ``on_kill`` for more than kills; the task's own state tells them apart."""
    task_is(state)
    execution_id = start(vendor, vendor.goes_on)

    asyncio.run(trigger_of(vendor, execution_id).on_kill())

    assert runs(emulator, vendor)[0]["stops"] == (1 if stopped and vendor.stop else 0)


def test_a_kill_outlives_airflows_repeated_cancellation(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow 3.3 cancels a running ``on_kill`` again each second; the stop arrives all the same, once."""
    task_is("failed")
    if vendor.stop is not None:  # the stop takes two attempts, and is cancelled between them
        emulator.fail(vendor.conn_type, vendor.stop, "rate_limit", retry_after=1)
    execution_id = start(vendor, vendor.goes_on)

    async def kill() -> None:
        killing = asyncio.create_task(trigger_of(vendor, execution_id).on_kill())
        for _ in range(5):
            await asyncio.wait([killing], timeout=0.05)
            killing.cancel()
        await asyncio.wait([killing])

    asyncio.run(kill())

    assert runs(emulator, vendor)[0]["stops"] == (1 if vendor.stop else 0)


def test_a_deferred_task_that_a_person_ends_stops_its_run_once(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """Airflow 3.3 cancels the wait and calls ``on_kill``; before that it only cancels the wait."""
    task_is("failed")
    execution_id = start(vendor, vendor.goes_on)

    async def end() -> None:
        trigger = trigger_of(vendor, execution_id)
        waiting = await looking(emulator, vendor, trigger)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        if TRIGGER_HEARS_KILLS:
            await trigger.on_kill()

    asyncio.run(end())

    assert calls(emulator, vendor, vendor.look)
    assert runs(emulator, vendor)[0]["stops"] == (1 if vendor.stop else 0)


def test_a_sensor_that_a_person_ends_leaves_the_run_alone(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """It waits for what somebody else has started, and may want to go on."""
    execution_id = start(vendor, vendor.goes_on)
    task = Task(
        lambda: vendor.sensor(task_id="wait", execution_id=execution_id, poke_interval=0.01, deferrable=True)
    )
    with pytest.raises(TaskDeferred) as deferral:
        task.execute()

    airflow = task_is("failed")
    asyncio.run(task.trigger(deferral.value).on_kill())

    assert airflow.asked == 0
    assert runs(emulator, vendor)[0]["stops"] == 0


def test_a_restart_of_the_triggerer_stops_nothing(
    vendor: Vendor, emulator: Emulator, task_is: Callable[[str | None], Airflow]
) -> None:
    """A trigger that is cancelled while its task is deferred leaves the run alone, on every Airflow."""
    task_is("deferred")
    execution_id = start(vendor, vendor.goes_on)

    async def restart() -> None:
        waiting = await looking(emulator, vendor, trigger_of(vendor, execution_id))
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    asyncio.run(restart())

    assert calls(emulator, vendor, vendor.look)
    assert runs(emulator, vendor)[0]["stops"] == 0


@pytest.mark.parametrize("on_sigterm", ["cancel", "leave"])
def test_a_worker_that_is_told_to_stop_does_with_the_run_what_was_asked(
    vendor: Vendor, emulator: Emulator, on_sigterm: str
) -> None:
    """Airflow's handler calls ``on_kill`` and returns; the task must not go on to a success."""
    task = Task(lambda: vendor.task(vendor.goes_on, on_sigterm=on_sigterm))

    with pytest.raises(errors.ExecutionStopped, match="told to stop"), signals_after(task, looks=2):
        task.run()

    (run,) = runs(emulator, vendor)
    assert run["stops"] == (1 if on_sigterm == "cancel" and vendor.stop else 0)
    assert task.errors[0].execution_id == run["execution_id"]


class signals_after:  # noqa: N801  # reads as a phrase where it is used
    """Call the operator's ``on_kill`` in the middle of a sleep, as a signal handler would."""

    def __init__(self, task: Task, looks: int) -> None:
        self.task, self.left = task, looks

    def __enter__(self) -> None:
        self.real = time.sleep
        time.sleep = self.sleep

    def __exit__(self, *_: object) -> None:
        time.sleep = self.real

    def sleep(self, duration: float) -> None:
        self.left -= 1
        if self.left == 0:
            self.task.operator.on_kill()
        self.real(duration)


# -- 7. no secret leaves --------------------------------------------------------------------------------------------


@blocking_and_deferred
@pytest.mark.parametrize("where", ["nowhere", "start", "look"])
def test_no_secret_is_kept_or_said_anywhere(
    vendor: Vendor, emulator: Emulator, deferrable: bool, where: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even where the vendor repeats the key in an error, or logging is at its loudest."""
    caplog.set_level(logging.DEBUG)
    operation = {"start": vendor.start, "look": vendor.look}.get(where)
    if operation:
        emulator.fail(vendor.conn_type, operation, "echo_secret", times=None, status=400)
    task = Task(lambda: vendor.task(deferrable=deferrable), retries=1)

    with structlog.testing.capture_logs() as logs:
        outcome(task)

    kept = task.everything_kept() + json.dumps(logs, default=str) + caplog.text
    hook = task.operator.hook
    kept += repr([vars(hook), hook.session.settings, vars(hook.session), task.operator.start_call(1.0)])
    account = emulator.account(vendor.conn_type)
    assert runs(emulator, vendor) or where == "start"
    assert [name for name in vendor.secrets if account[name] in kept] == []


# -- 8. bad input is refused before anything is sent ----------------------------------------------------------------


def test_bad_input_is_refused_when_the_dag_is_parsed(vendor: Vendor, emulator: Emulator) -> None:
    """One error, which names the parameter, and no call."""
    for parameters, name in vendor.bad_input:
        with pytest.raises(errors.InvalidInput, match=name):
            vendor.task(**parameters)
    assert emulator.calls(vendor.conn_type) == []


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ({"poll_interval": -1}, "poll_interval"),
        ({"poll_interval": "soon"}, "poll_interval"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": None}, "timeout"),
        ({"max_inline_output": -1}, "max_inline_output"),
        ({"max_inline_output": "5 MB"}, "max_inline_output"),
        ({"on_timeout": "explode"}, "on_timeout"),
        ({"on_sigterm": "ignore"}, "on_sigterm"),
    ],
)
def test_bad_waiting_is_refused_when_the_dag_is_parsed(
    vendor: Vendor, parameters: dict[str, Any], name: str
) -> None:
    """The parameters that all vendors share are held to the same."""
    with pytest.raises(errors.InvalidInput, match=name):
        vendor.task(**parameters)


def test_a_missing_parameter_is_named(vendor: Vendor) -> None:
    """What the vendor requires has no default."""
    for name in (vendor.workflow, *vendor.required):
        given = {vendor.workflow: vendor.succeeds, **vendor.required}
        del given[name]
        with pytest.raises(TypeError, match=name):
            vendor.operator(task_id="run", **given)


def test_what_a_template_brings_is_refused_before_anything_is_sent(
    vendor: Vendor, emulator: Emulator
) -> None:
    """A template over an XCom that is not there renders to the text None."""
    operator = vendor.task("{{ ti.xcom_pull('missing') }}")
    setattr(operator, vendor.workflow, "None")

    with pytest.raises(errors.InvalidInput, match=vendor.workflow):
        operator.execute(Task(lambda: operator).context(operator))

    assert emulator.calls(vendor.conn_type) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"extra": {"api_kee": "x"}}, "api_kee: not a field"),
        ({"extra": {"read_timeout": "soon"}}, "read_timeout"),
        ({"extra": {"connect_timeout": 0}}, "connect_timeout"),
        ({"extra": {"ca_bundle": "/nowhere/ca.pem"}}, "ca_bundle"),
        ({"extra": {"client_certificate": "/nowhere/me.pem"}}, "client_certificate"),
        ("without_secret", ""),
        ("ftp", "no address"),
    ],
)
def test_a_wrong_connection_is_refused_before_anything_is_sent(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch, change: Any, said: str
) -> None:
    """One error that names the field; the connection test says the same."""
    if change == "without_secret":
        change, said = vendor.without_secret
    elif change == "ftp":
        change = vendor.at("ftp://127.0.0.1")
    change_connection(monkeypatch, vendor, emulator, change)

    with pytest.raises(errors.InvalidInput, match=said):
        Task(vendor.task, retries=2).run()
    ok, sentence = vendor.hook().test_connection()

    assert (ok, said in sentence) == (False, True)
    assert emulator.calls(vendor.conn_type) == []


def change_connection(
    monkeypatch: pytest.MonkeyPatch, vendor: Vendor, emulator: Emulator, change: dict[str, Any]
) -> None:
    """Set the vendor's default connection to one with some fields changed."""
    connection = emulator.connection(vendor.conn_type)
    extra = {**connection["extra"], **change.get("extra", {})}
    name = f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT"
    monkeypatch.setenv(name, json.dumps({**connection, **change, "extra": extra}))


def test_a_connection_that_is_not_there_is_named(vendor: Vendor) -> None:
    """The error says what to add, and of which type."""
    options = {f"{vendor.conn_type}_conn_id": "nowhere"}

    with pytest.raises(errors.Unavailable, match=f"'nowhere'.*'{vendor.conn_type}'"):
        Task(lambda: vendor.task(**options)).run()


def test_a_connection_that_airflow_could_not_read_just_then_is_read_by_a_retry(
    vendor: Vendor, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Airflow says "not found" too where a secrets backend or its API server did not answer."""
    name = f"AIRFLOW_CONN_{vendor.conn_type.upper()}_DEFAULT"
    connection = os.environ[name]
    monkeypatch.delenv(name)
    task = Task(vendor.task, retries=1)
    with pytest.raises(errors.Unavailable):
        task.try_once()
    monkeypatch.setenv(name, connection)

    assert task.try_once()["state"] == "succeeded"
    assert len(runs(emulator, vendor)) == 1


# -- 9. blocking and deferred end alike -----------------------------------------------------------------------------


def test_blocking_and_deferred_end_alike(vendor: Vendor, emulator: Emulator) -> None:
    """The same record, or the same class of error, whatever becomes of the run."""
    endings = {
        workflow: [
            outcome(Task(lambda: vendor.task(workflow, deferrable=deferrable, timeout=timeout)))  # noqa: B023  # run at once
            for deferrable in (False, True)
        ]
        for workflow, timeout in (
            (vendor.succeeds, 60),
            (vendor.fails, 60),
            (vendor.goes_on, 0.4),
            (vendor.partial, 60),
            (vendor.unknown, 60),
        )
        if workflow
    }

    assert [workflow for workflow, (here, there) in endings.items() if here != there] == []
    assert endings[vendor.succeeds][0][0] == "record"
    assert endings[vendor.fails][0] == ("error", "ExecutionFailed")
    assert endings[vendor.goes_on][0] == ("error", "ExecutionTimedOut")


@blocking_and_deferred
def test_the_id_is_in_xcom_before_the_wait(vendor: Vendor, emulator: Emulator, deferrable: bool) -> None:
    """Another task can take it while the run goes on; and so can the button to the vendor's page."""
    emulator.fail(vendor.conn_type, vendor.look, "html", times=None)
    task = Task(lambda: vendor.task(deferrable=deferrable))

    with pytest.raises(errors.UnreadableAnswer):
        task.run()

    (run,) = runs(emulator, vendor)
    assert task.xcom["execution_id"] == run["execution_id"]


def test_without_a_wait_the_task_ends_at_once_and_a_sensor_waits_elsewhere(
    vendor: Vendor, emulator: Emulator
) -> None:
    """Start here, wait there: the sensor ends in the record that the operator would have ended in."""
    whole = Task(vendor.task).run()
    started = Task(lambda: vendor.task(wait_for_completion=False)).run()

    def sensor(**options: Any) -> Any:
        return vendor.sensor(
            task_id="wait", execution_id=started["execution_id"], poke_interval=0.01, **options
        )

    assert started["state"] in ("queued", "running")
    assert started["output"] is None
    for deferrable in (False, True):
        waited = Task(lambda: sensor(deferrable=deferrable)).run()  # noqa: B023  # run at once
        assert {**waited, "execution_id": "", "url": ""} == {**whole, "execution_id": "", "url": ""}


@blocking_and_deferred
def test_a_sensor_ends_as_its_run_ends_and_never_stops_it(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """It did not start the run: its deadline is its own affair."""
    ids = {workflow: start(vendor, workflow) for workflow in (vendor.fails, vendor.goes_on)}

    def wait(workflow: str) -> Task:
        return Task(
            lambda: vendor.sensor(
                task_id="wait",
                execution_id=ids[workflow],
                poke_interval=0.05,
                timeout=0.4 if workflow == vendor.goes_on else 60,
                deferrable=deferrable,
            )
        )

    with pytest.raises(errors.ExecutionFailed, match=vendor.failure):
        wait(vendor.fails).run()
    with pytest.raises(errors.ExecutionTimedOut, match=ids[vendor.goes_on]):
        wait(vendor.goes_on).run()
    assert [run["stops"] for run in runs(emulator, vendor)] == [0, 0]


@blocking_and_deferred
def test_an_output_that_is_too_large_is_left_out_and_can_be_fetched(
    vendor: Vendor, emulator: Emulator, deferrable: bool
) -> None:
    """A huge answer is a result: the task succeeds, and its record says where the output is."""
    task = Task(lambda: vendor.task(deferrable=deferrable, max_inline_output=10))

    record = task.run()

    assert record["state"] == "succeeded"
    assert record["output"] is None
    assert record["output_omitted"]["bytes"] > 10
    assert record["execution_id"] in record["output_omitted"]["fetch"]
    with closing(vendor.hook()) as hook:
        assert hook.get_execution(record["execution_id"]).output


def test_a_task_has_a_button_where_its_vendor_has_a_page(vendor: Vendor, emulator: Emulator) -> None:
    """A button without an address would be dead, and Airflow would look for one at the end of each task."""
    with closing(vendor.hook()) as hook:
        page = hook.execution_url("1")

    for task in (vendor.task(), vendor.sensor(task_id="wait", execution_id="1")):
        assert [link.name for link in task.operator_extra_links] == (["Open execution"] if page else [])
